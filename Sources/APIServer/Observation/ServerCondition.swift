import HTTPTypes

/// What a server can do at the moment.
enum ServerCondition: Sendable, Equatable {
  /// It reads its model; `stage` says how far it is.
  case loading(stage: String)
  /// It takes requests.
  case ready
  /// It finishes what it has, and takes nothing new.
  case draining
  /// A step has taken so long that it may never end.
  case stalled

  var name: String {
    switch self {
    case .loading: "loading"
    case .ready: "ready"
    case .draining: "draining"
    case .stalled: "stalled"
    }
  }

  static let names = ["loading", "ready", "draining", "stalled"]

  /// Whether the process is worth keeping: a server that loads or drains is at work, one that is stalled is not.
  var isAlive: Bool { self != .stalled }
}
