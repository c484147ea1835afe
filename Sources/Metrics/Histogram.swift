import Synchronization

/// How often values fell between given bounds. Observing allocates nothing.
public final class Histogram: Sendable {
  /// What was observed until some moment.
  public struct Snapshot: Sendable, Equatable {
    /// For each bound how many values were at most as great, then the number of all values.
    public var cumulativeCounts: [Int]
    /// The sum of all values.
    public var sum: Double

    /// The number of all values.
    public var count: Int { cumulativeCounts.last ?? 0 }
  }

  private struct State {
    /// One more than there are bounds.
    var counts: [Int]
    var sum = 0.0
  }

  /// Upper bounds of the buckets, ascending; a last one without an upper bound is added to them.
  public let bounds: [Double]
  private let state: Mutex<State>

  /// A histogram without values.
  public init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  /// Counts a value, `count` times.
  public func observe(_ value: Double, count: Int = 1) {
    guard count > 0, value.isFinite else { return }
    let index = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock { state in
      state.counts[index] += count
      state.sum += value * Double(count)
    }
  }

  /// What was observed until now, of one moment.
  public var snapshot: Snapshot {
    let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
    var total = 0
    let cumulative = counts.map { count in
      total += count
      return total
    }
    return Snapshot(cumulativeCounts: cumulative, sum: sum)
  }
}
