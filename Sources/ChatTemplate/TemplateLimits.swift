/// Bounds on one rendering. A template that reaches one fails with `TemplateError.Kind.limit`.
public struct TemplateLimits: Sendable {
  /// Units of work: one for each node evaluated and each element produced, and one for every
  /// `bytesPerStep` bytes of text produced.
  public var maximumSteps: Int
  /// Macros, call blocks and recursive loops that may be active at once.
  public var maximumCallDepth: Int
  /// The largest output, and the largest string made on the way, in bytes of UTF-8.
  public var maximumTextBytes: Int
  /// The largest list, range or dictionary a template may make.
  public var maximumElements: Int

  /// Bytes of text that count as one step.
  static let bytesPerStep = 32

  /// 10 million steps, 64 calls, 32 MiB of text, 100,000 elements (the limit of Jinja's sandbox for ranges).
  public static let `default` = TemplateLimits()

  /// Limits with the given values.
  public init(
    maximumSteps: Int = 10_000_000, maximumCallDepth: Int = 64, maximumTextBytes: Int = 32 << 20,
    maximumElements: Int = 100_000
  ) {
    self.maximumSteps = maximumSteps
    self.maximumCallDepth = maximumCallDepth
    self.maximumTextBytes = maximumTextBytes
    self.maximumElements = maximumElements
  }
}
