import Foundation

/// How lengths of prompts or replies are spread.
public enum LengthDistribution: Sendable, Hashable {
  /// All the same.
  case fixed(Int)
  /// Evenly over a range.
  case uniform(ClosedRange<Int>)
  /// Many short ones and a few long ones: log-normal with this mean. The logarithms' standard deviation is 0.8, about
  /// that of chats, and lengths end at eight times the mean.
  case skewed(mean: Int)

  /// The logarithms' standard deviation of `skewed`.
  private static let deviation = 0.8
  /// The greatest length that is understood.
  public static let limit = 1 << 22

  /// Reads `500`, `100-900` or `~500`.
  public init(_ text: String) throws(WorkloadError) {
    let numbers = text.drop { $0 == "~" }.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    let valid = numbers.compactMap(\.self).filter { (1...Self.limit).contains($0) }
    let isSkewed = text.hasPrefix("~") && !text.hasPrefix("~~")
    if valid.count == numbers.count, let first = valid.first, let last = valid.last, first <= last {
      switch (valid.count, isSkewed) {
      case (1, true):
        self = .skewed(mean: first)
        return
      case (1, false) where !text.hasPrefix("~"):
        self = .fixed(first)
        return
      case (2, false) where !text.hasPrefix("~"):
        self = .uniform(first...last)
        return
      default: break
      }
    }
    throw .invalidOption(
      name: "length", expected: "a number of tokens such as 500, a range such as 100-900, or a mean such as ~500",
      found: "\"\(text)\"")
  }

  /// The longest length there can be.
  public var greatest: Int {
    switch self {
    case .fixed(let length): length
    case .uniform(let range): range.upperBound
    case .skewed(let mean): 8 * mean
    }
  }

  /// A length, at least 1.
  func sample(_ random: inout SeededGenerator) -> Int {
    switch self {
    case .fixed(let length): return length
    case .uniform(let range): return Int.random(in: range, using: &random)
    case .skewed(let mean):
      // The mean of a log-normal distribution is exp(mu + sigma² / 2).
      let logarithm = log(Double(mean)) - Self.deviation * Self.deviation / 2
      let length = exp(logarithm + Self.deviation * random.normal())
      return min(max(1, Int(length.rounded())), greatest)
    }
  }
}
