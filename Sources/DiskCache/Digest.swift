/// The result of SHA-256 (FIPS 180-4).
public struct Digest: Sendable, Hashable {
  /// Its 32 bytes as numbers, the first byte being the highest of the first number.
  public let words: (UInt64, UInt64, UInt64, UInt64)

  /// Bytes of a digest.
  public static let byteCount = 32

  /// A digest of these numbers.
  public init(_ words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

  /// A digest of 32 bytes; nil if there are more or fewer.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    var words: [UInt64] = []
    for (index, byte) in bytes.enumerated() {
      if index % 8 == 0 { words.append(0) }
      words[index / 8] = words[index / 8] << 8 | UInt64(byte)
    }
    self.words = (words[0], words[1], words[2], words[3])
  }

  /// Its 32 bytes.
  public var bytes: [UInt8] {
    [words.0, words.1, words.2, words.3].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
    }
  }

  /// The bytes in hexadecimal.
  public var hexadecimal: String {
    bytes.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
  }

  /// Compares all bytes.
  public static func == (a: Digest, b: Digest) -> Bool { a.words == b.words }

  /// Hashes the first bytes: they are as good as random.
  public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
