public import HTTPTypes

/// What becomes of request fields that the server does not know.
public enum UnknownFields: String, Sendable, CaseIterable {
  /// They are listed in the response's head and in the log.
  case report
  /// The request is refused.
  case refuse
}

/// What the API shows of itself, and its bounds.
public struct APIServerConfiguration: Sendable {
  /// The largest request body in bytes.
  public var maximumBodyBytes: Int
  /// How long a stream may be silent before it sends a comment.
  public var heartbeat: Duration
  /// What becomes of fields nobody knows.
  public var unknownFields: UnknownFields
  /// Under which names messages have their thoughts.
  public var reasoningField: ReasoningField
  /// Bytes of JSON of the Responses API's responses that are kept in memory.
  public var responseStoreBytes: Int
  /// The header field in which something in front of the server names the tenant; nil reads none.
  public var tenantField: HTTPField.Name?
  /// How long a step may take before the server counts as stalled.
  public var stallTimeout: Duration
  /// Whether `/metrics` are shown without a key, also where there are keys.
  public var metricsAreOpen: Bool
  /// The server's version; part of `system_fingerprint`.
  public var version: String

  /// A configuration: 32 MiB, 10 seconds, 64 MiB, 2 minutes.
  public init(
    maximumBodyBytes: Int = 32 << 20, heartbeat: Duration = .seconds(10),
    unknownFields: UnknownFields = .report, reasoningField: ReasoningField = .reasoningContent,
    responseStoreBytes: Int = 64 << 20, tenantField: HTTPField.Name? = nil, stallTimeout: Duration = .seconds(120),
    metricsAreOpen: Bool = false, version: String = "0.1.0"
  ) {
    self.maximumBodyBytes = maximumBodyBytes
    self.heartbeat = heartbeat
    self.unknownFields = unknownFields
    self.reasoningField = reasoningField
    self.responseStoreBytes = responseStoreBytes
    self.tenantField = tenantField
    self.stallTimeout = stallTimeout
    self.metricsAreOpen = metricsAreOpen
    self.version = version
  }
}
