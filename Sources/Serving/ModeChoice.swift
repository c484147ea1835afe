/// Everything a request says about thinking, in whatever dialect its client speaks. The one place where that becomes a
/// mode and a budget.
///
/// A client's fields are told here as wishes of three kinds: a mode, an effort, a budget. What they come to:
///
/// | effort | mode | tokens of thoughts at most |
/// |---|---|---|
/// | `none` | instruct | |
/// | `minimal` | thinking | 256 |
/// | `low` | thinking | 1,024 |
/// | `medium` | thinking | 4,096 |
/// | `high` | thinking | 16,384 |
/// | `xhigh` | thinking | 32,768 |
/// | `max` | thinking | what the reply has |
///
/// A budget asks for thinking, a budget of 0 for none; it counts more than an effort's own. Wishes for different modes,
/// different efforts or different budgets contradict each other. Without any wish the model does what it does by
/// default, without a limit.
public struct ModeChoice: Sendable, Equatable {
  /// What one field asks for.
  public enum Wish: Sendable, Equatable {
    /// To think, or not to.
    case mode(Mode)
    /// One of `efforts`.
    case effort(String)
    /// So many tokens of thoughts, 0 or more.
    case budget(Int)
  }

  private struct Entry: Sendable, Equatable {
    let wish: Wish
    let field: String
    let value: String

    var description: String { "\(field) (\(value))" }

    /// The mode that fulfils the wish.
    var mode: Mode {
      switch wish {
      case .mode(let mode): mode
      case .effort(let effort): effort == "none" ? .instruct : .thinking
      case .budget(let tokens): tokens == 0 ? .instruct : .thinking
      }
    }

    /// Whether both ask for the same kind of thing and for different ones of it.
    func differs(from other: Entry) -> Bool {
      switch (wish, other.wish) {
      case (.effort(let own), .effort(let others)): own != others
      case (.budget(let own), .budget(let others)): own != others
      default: mode != other.mode
      }
    }
  }

  /// `model: "name:thinking"` or `"name:instruct"`.
  public var modelSuffix: Mode?
  private var entries: [Entry] = []

  /// The efforts OpenAI knows, from none to most.
  public static let efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]

  /// A request that asks for nothing.
  public init() {}

  /// Adds what a field asks for. `value` is what it has, as errors quote it.
  public mutating func ask(_ wish: Wish, field: String, value: String) {
    entries.append(Entry(wish: wish, field: field, value: value))
  }

  /// The effort asked for, for templates that pass it on to the model.
  public var effort: String? {
    for entry in entries { if case .effort(let effort) = entry.wish { return effort } }
    return nil
  }

  /// What the request gets.
  /// - Throws: `ModeError.contradiction` between two fields; `unavailable` if the model lacks the mode.
  public func resolve(_ modes: ModelModes) throws(ModeError) -> ThinkingPlan {
    let suffix = modelSuffix.map { Entry(wish: .mode($0), field: "model", value: "suffix \":\($0.rawValue)\"") }
    let entries = (suffix.map { [$0] } ?? []) + self.entries
    for (index, entry) in entries.enumerated() {
      guard let other = entries[..<index].first(where: entry.differs) else { continue }
      throw .contradiction(first: other.description, second: entry.description, field: entry.field)
    }
    guard let first = entries.first else { return ThinkingPlan(mode: modes.default, budget: nil) }
    let mode = first.mode
    guard modes.offered.contains(mode) else {
      // A model that always thinks can still be held to no thought at all.
      if let zero = entries.first(where: { $0.wish == .budget(0) }), modes.offered == [.thinking],
        entries.allSatisfy({ $0.wish == zero.wish })
      {
        return ThinkingPlan(mode: .thinking, budget: 0)
      }
      throw .unavailable(mode, askedBy: first.description, field: first.field, offered: modes.offered)
    }
    return ThinkingPlan(mode: mode, budget: mode == .thinking ? Self.budget(entries) : nil)
  }

  private static func budget(_ entries: [Entry]) -> Int? {
    var ofEffort: Int?
    for entry in entries {
      switch entry.wish {
      case .budget(let tokens): return tokens
      case .effort(let effort): ofEffort = budget(ofEffort: effort)
      case .mode: break
      }
    }
    return ofEffort
  }

  /// Tokens of thoughts that an effort allows; nil is no limit.
  public static func budget(ofEffort effort: String) -> Int? {
    switch effort {
    case "none": 0
    case "minimal": 256
    case "low": 1024
    case "medium": 4096
    case "high": 16_384
    case "xhigh": 32_768
    default: nil
    }
  }
}

/// Whether a reply thinks, and for how long.
public struct ThinkingPlan: Sendable, Equatable {
  /// The mode, one that the model offers.
  public var mode: Mode
  /// Tokens of thoughts at most; nil is no limit.
  public var budget: Int?
}

/// A wish for thinking that cannot be met.
public enum ModeError: Error, Equatable, CustomStringConvertible {
  /// Two fields want different things; `field` is the second one's name.
  case contradiction(first: String, second: String, field: String)
  /// The model lacks the mode that `field` wants.
  case unavailable(Mode, askedBy: String, field: String, offered: [Mode])

  /// The request field to blame.
  public var field: String {
    switch self {
    case .contradiction(_, _, let field), .unavailable(_, _, let field, _): field
    }
  }

  /// One sentence for the client.
  public var description: String {
    switch self {
    case .contradiction(let first, let second, _):
      "\(first) and \(second) contradict each other; send one of them."
    case .unavailable(let mode, let askedBy, _, let offered):
      "\(askedBy) asks for \(mode.rawValue) mode, but this model offers only "
        + offered.map(\.rawValue).joined(separator: " and ") + " mode."
    }
  }
}
