import TestSupport

/// Draws decisions.
struct Chance {
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func next() -> UInt64 { random.next() }

  mutating func int(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(random.next() % UInt64(range.upperBound - range.lowerBound + 1))
  }

  /// Whether something happens that happens in so many of a million cases.
  mutating func happens(_ millionths: Int) -> Bool {
    millionths > 0 && Int(random.next() % 1_000_000) < millionths
  }

  /// A number whose logarithm is equally likely to be anywhere in that of the range.
  mutating func magnitude(_ range: ClosedRange<Int>) -> Int {
    var bound = range.upperBound
    while bound > range.lowerBound * 2, random.next() % 2 == 0 { bound /= 2 }
    return int(range.lowerBound...max(range.lowerBound, bound))
  }

  mutating func element<Element>(of elements: [Element]) -> Element? {
    elements.isEmpty ? nil : elements[int(0...elements.count - 1)]
  }
}
