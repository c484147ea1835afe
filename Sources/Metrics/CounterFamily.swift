import Synchronization

/// Counters told apart by the values of some labels that are not known beforehand, such as the status of a response.
///
/// Values may come from outside, so there are at most so many counters: what comes later is counted under `other`.
public final class CounterFamily: Sendable {
  /// The labels' names.
  public let labelNames: [String]
  private let limit: Int
  private let counts = Mutex<[[String]: Int]>([:])

  /// A family without counters.
  /// - Parameter limit: how many combinations of values are told apart.
  public init(labels: [String], limit: Int = 256) {
    labelNames = labels
    self.limit = limit
  }

  /// Adds to the counter of these values, one for each label.
  public func add(_ count: Int = 1, _ values: [String]) {
    counts.withLock { counts in
      if counts[values] != nil || counts.count < limit {
        counts[values, default: 0] += count
      } else {
        counts[Array(repeating: "other", count: labelNames.count), default: 0] += count
      }
    }
  }

  /// The totals, in the order of their labels' values.
  public var totals: [(values: [String], total: Int)] {
    counts.withLock { counts in
      counts.map { ($0.key, $0.value) }.sorted { $0.0.lexicographicallyPrecedes($1.0) }
    }
  }
}
