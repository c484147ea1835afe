import COpenSSL

/// The SHA-256 digest of a secret: what is kept of an API key.
public struct SecretDigest: Sendable, Hashable {
  /// Bytes of a digest.
  static let byteCount = 32

  private let bytes: [UInt8]

  /// The digest of a secret.
  init(of secret: some Sequence<UInt8>) {
    let secret = Array(secret)
    var digest = [UInt8](repeating: 0, count: Self.byteCount)
    SHA256(secret, secret.count, &digest)
    bytes = digest
  }

  /// The digest in 64 hexadecimal digits; nil if these are none.
  public init?(hexadecimal text: String) {
    let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count == 2 * Self.byteCount, text.utf8.count == digits.count else { return nil }
    bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  /// The digest in lower-case hexadecimal digits.
  public var hexadecimal: String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// Whether both are the same, found out in a time that does not depend on where they differ.
  func matches(_ other: SecretDigest) -> Bool {
    bytes.withUnsafeBytes { own in
      other.bytes.withUnsafeBytes { CRYPTO_memcmp(own.baseAddress, $0.baseAddress, Self.byteCount) == 0 }
    }
  }
}
