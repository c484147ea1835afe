import Synchronization

/// A total that only grows. Adding is one atomic instruction.
public final class Counter: Sendable {
  private let value = Atomic<Int>(0)

  /// A counter at zero.
  public init() {}

  /// Adds to the total; a negative count adds nothing.
  public func add(_ count: Int = 1) { value.wrappingAdd(max(0, count), ordering: .relaxed) }

  /// The total.
  public var total: Int { value.load(ordering: .relaxed) }
}
