/// How much longer than expected steps take that are not to exceed a bound.
///
/// So much that 1 in 128 of the last steps with prompt tokens beside streams took still longer. Steps without prompt tokens
/// do not count, because nothing about them could have been chosen otherwise. The margin is a time, not a factor: what
/// disturbs a step, such as another thread that wants the processor, does not grow with it.
struct GapMargin: Sendable {
  /// Steps that are remembered.
  private static let length = 256

  private var excesses: [Double]
  private var next = 0
  /// What is added to the expected seconds of a step.
  private(set) var seconds: Double

  /// As long as few steps were measured, a quarter of the bound.
  init(bound: Double) {
    seconds = bound / 4
    excesses = Array(repeating: seconds, count: Self.length)
  }

  /// A step took so many seconds longer than expected.
  mutating func observe(_ excess: Double) {
    excesses[next] = excess
    next = (next + 1) % Self.length
    var (first, second) = (0.0, 0.0)
    for excess in excesses where excess > second {
      (first, second) = excess > first ? (excess, first) : (first, excess)
    }
    seconds = second
  }
}
