/// What the API shows of itself, and its bounds.
public struct APIServerConfiguration: Sendable {
  /// The names under which clients may ask for the model, its real one first. Must not be empty.
  public var servedModelNames: [String]
  /// The largest request body in bytes.
  public var maximumBodyBytes: Int
  /// How long a stream may be silent before it sends a comment.
  public var heartbeat: Duration
  /// The server's version; part of `system_fingerprint`.
  public var version: String

  /// A configuration: 32 MiB, 10 seconds.
  public init(
    servedModelNames: [String], maximumBodyBytes: Int = 32 << 20, heartbeat: Duration = .seconds(10),
    version: String = "0.1.0"
  ) {
    self.servedModelNames = servedModelNames
    self.maximumBodyBytes = maximumBodyBytes
    self.heartbeat = heartbeat
    self.version = version
  }
}
