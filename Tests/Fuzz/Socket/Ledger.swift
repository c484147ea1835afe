import HTTP
import Synchronization

/// What the server says it has answered, by the client's address.
final class Ledger: Sendable {
  private struct State {
    var entries: [String: [AccessLogEntry]] = [:]
    var requests = 0
  }

  private let state = Mutex(State())

  func note(_ entry: AccessLogEntry) {
    state.withLock { state in
      state.entries[entry.remoteAddress, default: []].append(entry)
      state.requests += 1
    }
  }

  /// All requests so far, malformed ones among them.
  var requests: Int { state.withLock { $0.requests } }

  func count(of address: String) -> Int { state.withLock { $0.entries[address]?.count ?? 0 } }

  /// Everything since the last call.
  func take() -> [String: [AccessLogEntry]] {
    state.withLock { state in
      defer { state.entries = [:] }
      return state.entries
    }
  }
}
