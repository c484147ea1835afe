/// A set of bytes: 256 bits.
public struct ByteSet: Hashable, Sendable {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  /// The empty set.
  public init() {}

  /// The bytes of a closed range.
  public init(_ range: ClosedRange<UInt8>) {
    for byte in range { insert(byte) }
  }

  /// The given bytes.
  public init(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { insert(byte) }
  }

  /// All 256 bytes.
  public static let all = ByteSet(0...255)

  /// Whether the set has no byte.
  public var isEmpty: Bool { words.0 | words.1 | words.2 | words.3 == 0 }

  /// The number of bytes in the set.
  public var count: Int {
    words.0.nonzeroBitCount + words.1.nonzeroBitCount + words.2.nonzeroBitCount + words.3.nonzeroBitCount
  }

  /// The bytes in ascending order.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    for (index, word) in [words.0, words.1, words.2, words.3].enumerated() {
      var rest = word
      while rest != 0 {
        result.append(UInt8(index * 64 + rest.trailingZeroBitCount))
        rest &= rest - 1
      }
    }
    return result
  }

  /// Whether `byte` is in the set.
  public func contains(_ byte: UInt8) -> Bool {
    let bit: UInt64 = 1 << UInt64(byte & 63)
    return switch byte >> 6 {
    case 0: words.0 & bit != 0
    case 1: words.1 & bit != 0
    case 2: words.2 & bit != 0
    default: words.3 & bit != 0
    }
  }

  /// Adds a byte.
  public mutating func insert(_ byte: UInt8) {
    let bit: UInt64 = 1 << UInt64(byte & 63)
    switch byte >> 6 {
    case 0: words.0 |= bit
    case 1: words.1 |= bit
    case 2: words.2 |= bit
    default: words.3 |= bit
    }
  }

  /// The bytes of both sets.
  public func union(_ other: ByteSet) -> ByteSet {
    var result = self
    result.words.0 |= other.words.0
    result.words.1 |= other.words.1
    result.words.2 |= other.words.2
    result.words.3 |= other.words.3
    return result
  }

  /// The bytes that are in both sets.
  public func intersection(_ other: ByteSet) -> ByteSet {
    var result = self
    result.words.0 &= other.words.0
    result.words.1 &= other.words.1
    result.words.2 &= other.words.2
    result.words.3 &= other.words.3
    return result
  }

  /// Equal bits.
  public static func == (left: ByteSet, right: ByteSet) -> Bool { left.words == right.words }

  /// Hashes the 256 bits.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }
}
