public import JSON

/// A chat request, checked and free of any wire dialect.
public struct ChatRequest: Sendable {
  /// What is asked of the replies.
  public var options: GenerationOptions
  /// The conversation as chat templates expect it: objects with `role` and, as a string, `content`.
  public var messages: [JSON]
  /// The tools the model may call, in the order given.
  public var tools: [JSON] = []
  /// The request's field that holds each tool's function, for errors.
  public var toolFields: [String] = []
  /// Which of the tools has to be called.
  public var toolChoice = ToolChoice.automatic
  /// Whether tool calls are recognised in the reply.
  public var parsesToolCalls = true
  /// Whether the reply may hold more than one tool call. If not, it ends after the first.
  public var allowsParallelToolCalls = true
  /// The mode, one that the model offers.
  public var mode: Mode
  /// Tokens that a reply's thoughts take at most, tags included; nil is no limit. When they are used up the model's
  /// closing text is written in its place, as the last of these tokens; there are never fewer than the closing tag has.
  public var thinkingBudget: Int?
  /// Whether the template opens a message for the reply.
  public var addsGenerationPrompt = true
  /// Whether the reply goes on with the last message, which is the assistant's, instead of beginning a new one. Then
  /// no message is opened.
  public var continuesFinalMessage = false
  /// Further variables for the chat template.
  public var templateArguments: JSONObject = [:]
  /// Indices of messages after which the client wants the prompt to be kept for reuse.
  public var cacheBreakpoints: [Int] = []

  /// A request with defaults for all but these.
  public init(name: String, messages: [JSON], mode: Mode) {
    options = GenerationOptions(name: name)
    self.messages = messages
    self.mode = mode
  }
}
