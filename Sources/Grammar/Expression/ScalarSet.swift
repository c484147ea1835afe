/// A set of Unicode scalars (surrogates are never in it), as ascending, disjoint, non-adjacent closed ranges.
public struct ScalarSet: Hashable, Sendable {
  /// The ranges of scalar values.
  public private(set) var ranges: [ClosedRange<UInt32>]

  /// The scalars in any of `ranges`, which may overlap and come in any order. Surrogates and values above U+10FFFF
  /// are left out.
  public init(_ ranges: [ClosedRange<UInt32>]) {
    let clipped = ranges.flatMap { range in
      Self.scalars.compactMap { part in
        let lower = max(range.lowerBound, part.lowerBound)
        let upper = min(range.upperBound, part.upperBound)
        return lower <= upper ? lower...upper : nil
      }
    }
    var merged: [ClosedRange<UInt32>] = []
    for range in clipped.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    self.ranges = merged
  }

  /// The scalars of a range, written as characters: `ScalarSet("a"..."z")`.
  public init(_ range: ClosedRange<Unicode.Scalar>) {
    self.init([range.lowerBound.value...range.upperBound.value])
  }

  /// The scalars of a text: `ScalarSet(of: "+-")`.
  public init(of text: String) {
    self.init(text.unicodeScalars.map { $0.value...$0.value })
  }

  private static let scalars: [ClosedRange<UInt32>] = [0...0xD7FF, 0xE000...0x10FFFF]

  /// Every Unicode scalar.
  public static let all = ScalarSet(scalars)

  /// Whether the set has no scalar.
  public var isEmpty: Bool { ranges.isEmpty }

  /// The number of scalars in the set.
  public var count: Int { ranges.reduce(0) { $0 + $1.count } }

  /// Whether `scalar` is in the set.
  public func contains(_ scalar: Unicode.Scalar) -> Bool {
    ranges.contains { $0.contains(scalar.value) }
  }

  /// The scalars of both sets.
  public func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

  /// Every scalar that is not in the set.
  public var inverted: ScalarSet {
    var gaps: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { gaps.append(next...(range.lowerBound - 1)) }
      next = range.upperBound + 1
    }
    if next <= 0x10FFFF { gaps.append(next...0x10FFFF) }
    return ScalarSet(gaps)
  }

  /// The scalars of this set that are also in the other.
  public func intersection(_ other: ScalarSet) -> ScalarSet {
    inverted.union(other.inverted).inverted
  }

  /// The scalars of this set that are not in the other.
  public func subtracting(_ other: ScalarSet) -> ScalarSet {
    inverted.union(other).inverted
  }
}
