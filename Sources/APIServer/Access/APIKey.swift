/// A key that lets its holder in. The secret itself is not kept.
public struct APIKey: Sendable, Hashable {
  /// What the holder may take; nil is no limit.
  public struct Limits: Sendable, Hashable {
    /// Requests a minute.
    public var requestsPerMinute: Int?
    /// Tokens a minute, of prompts and replies together.
    public var tokensPerMinute: Int?
    /// Requests at a time.
    public var concurrentRequests: Int?
    /// Names of models that may be asked for.
    public var models: Set<String>?

    /// No limits.
    public init() {}
  }

  /// Under which the holder is known in logs and metrics, and takes turns with others.
  public let name: String
  /// The digest of the secret.
  public let digest: SecretDigest
  /// What the holder may take.
  public let limits: Limits

  /// A key of which the digest is known.
  /// - Returns: nil if the name cannot be one.
  public init?(name: String, digest: SecretDigest, limits: Limits = Limits()) {
    guard Self.isName(name) else { return nil }
    self.name = name
    self.digest = digest
    self.limits = limits
  }

  /// A key of which the secret is known.
  /// - Returns: nil if the name cannot be one, or the secret is empty.
  public init?(name: String, secret: String, limits: Limits = Limits()) {
    guard !secret.isEmpty else { return nil }
    self.init(name: name, digest: SecretDigest(of: secret.utf8), limits: limits)
  }

  /// A new secret: a prefix and 256 random bits.
  public static func makeSecret() -> String {
    "sk-apus-" + (0..<64).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
  }

  /// Names are 1 to 64 letters, digits, dots, hyphens and underscores, so that they can stand anywhere.
  static func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}
