public import JSON

/// A chat request, checked and free of any wire dialect.
public struct ChatRequest: Sendable {
  /// Names the request in the log.
  public var name: String
  /// The conversation as chat templates expect it: objects with `role` and, as a string, `content`.
  public var messages: [JSON]
  /// The tools the model may call, in the order given.
  public var tools: [JSON] = []
  /// Whether tool calls are recognised in the reply.
  public var parsesToolCalls = true
  /// Whether the reply may hold more than one tool call. If not, it ends after the first.
  public var allowsParallelToolCalls = true
  /// The mode, one that the model offers.
  public var mode: Mode
  /// Further variables for the chat template.
  public var templateArguments: JSONObject = [:]
  /// How tokens are chosen, where it differs from the model's defaults.
  public var sampling = SamplingOverrides()
  /// Makes the reply repeatable; nil draws one.
  public var seed: UInt64?
  /// Tokens to generate at most, thoughts included; nil, or more than the context leaves, means what it leaves.
  public var maximumTokens: Int?
  /// Texts that end the reply, and are not part of it.
  public var stop: [String] = []

  /// A request with defaults for all but these.
  public init(name: String, messages: [JSON], mode: Mode) {
    self.name = name
    self.messages = messages
    self.mode = mode
  }
}
