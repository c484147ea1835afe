/// Non-negative numbers as counts in bins whose width grows with the number: quantiles of any count of them, to 0.4%,
/// in constant memory.
///
/// A bin holds the numbers whose binary exponent and first 7 digits after the point are the same, so its bounds are at
/// most 1/128 apart; its middle stands for all of it. Numbers below 2⁻³⁰ and from 2³⁰ on share the first and last bin.
public struct Distribution: Sendable, Hashable {
  private static let exponents = -30..<30
  private static let digits = 7

  private var counts: [Int] = []
  /// How many numbers.
  public private(set) var count = 0
  /// Their sum.
  public private(set) var sum = 0.0
  /// The greatest; 0 if there is none.
  public private(set) var greatest = 0.0
  /// The least; 0 if there is none.
  public private(set) var least = 0.0

  /// No numbers.
  public init() {}

  /// The mean; 0 if there are no numbers.
  public var mean: Double { count == 0 ? 0 : sum / Double(count) }

  /// Adds a number; what is below 0 or not finite counts as 0.
  public mutating func add(_ value: Double, count added: Int = 1) {
    guard added > 0 else { return }
    let value = value.isFinite ? max(0, value) : 0
    if counts.isEmpty { counts = Array(repeating: 0, count: Self.exponents.count << Self.digits) }
    counts[Self.bin(value)] += added
    least = count == 0 ? value : min(least, value)
    greatest = max(greatest, value)
    count += added
    sum += value * Double(added)
  }

  /// The number that a share of all are not above, by nearest rank; 0 if there are none.
  public func quantile(_ share: Double) -> Double {
    guard count > 0 else { return 0 }
    let rank = min(count, max(1, Int((share * Double(count)).rounded(.up))))
    // The ends are known exactly.
    if rank == count { return greatest }
    if rank == 1 { return least }
    var seen = 0
    for (bin, inBin) in counts.enumerated() where inBin > 0 {
      seen += inBin
      if seen >= rank { return min(greatest, max(least, Self.middle(bin))) }
    }
    return greatest
  }

  /// The share of the numbers that are at most `value`, to the width of a bin.
  public func share(upTo value: Double) -> Double {
    guard count > 0 else { return 0 }
    let last = Self.bin(max(0, value))
    return Double(counts[...last].reduce(0, +)) / Double(count)
  }

  /// Points of the cumulative distribution: values, and the share of all numbers up to them. At most a point a bin.
  public var cumulative: [(value: Double, share: Double)] {
    var seen = 0
    return counts.enumerated().compactMap { bin, inBin in
      guard inBin > 0 else { return nil }
      seen += inBin
      return (Self.middle(bin), Double(seen) / Double(count))
    }
  }

  private static func bin(_ value: Double) -> Int {
    let low = Double(sign: .plus, exponent: exponents.lowerBound, significand: 1)
    guard value > low else { return 0 }
    let shift = Double.significandBitCount - digits
    let first = low.bitPattern >> shift
    return min(Int(value.bitPattern >> shift) - Int(first), exponents.count << digits - 1)
  }

  private static func middle(_ bin: Int) -> Double {
    let low = Double(sign: .plus, exponent: exponents.lowerBound, significand: 1)
    let shift = Double.significandBitCount - digits
    let first = low.bitPattern >> shift + UInt64(bin)
    return Double(bitPattern: first << shift | 1 << (shift - 1))
  }
}
