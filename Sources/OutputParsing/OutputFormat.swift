public import JSON

/// What a model writes around its thoughts.
public struct ReasoningTags: Sendable, Equatable {
  /// In front of them; often written by the chat template, then the model does not.
  public var open: String
  /// After them.
  public var close: String

  /// The tags of the Qwen3 family, unless told otherwise.
  public init(open: String = "<think>", close: String = "</think>") {
    self.open = open
    self.close = close
  }
}

/// How a model writes a tool call.
public enum ToolCallFormat: Sendable, Equatable {
  /// Qwen3: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`.
  case json
  /// Qwen3-Coder and Qwen3.5: `<tool_call><function=…><parameter=…>…</parameter></function></tool_call>`.
  case xml

  /// What stands in front of a call, in every format.
  public static let openingTag = "<tool_call>"
  /// What stands behind a call, in every format.
  public static let closingTag = "</tool_call>"

  /// The format a chat template teaches its model, or nil if the template knows of no tools.
  public static func detect(inTemplate source: String) -> ToolCallFormat? {
    if source.contains("<function=") { return .xml }
    return source.contains("<tool_call>") ? .json : nil
  }
}

/// Which delimiters a response may have.
public struct OutputFormat: Sendable {
  /// The model's reasoning tags; nil if it does not think aloud.
  public var reasoning: ReasoningTags?
  /// Whether the prompt ended inside reasoning, so that the response begins there.
  public var startsInReasoning: Bool
  /// How the model writes tool calls; nil if it does not.
  public var tools: ToolCallFormat?
  /// Whether tool calls are looked for; without, they stay text.
  public var parsesToolCalls: Bool
  /// The request's stop strings. They end the content; reasoning and tool calls do not match them.
  public var stop: [String]
  /// JSON schema of each tool's parameters, by its name. Says which XML parameters are strings.
  public var toolSchemas: [String: JSON]

  /// Describes a response.
  public init(
    reasoning: ReasoningTags? = nil, startsInReasoning: Bool = false, tools: ToolCallFormat? = nil,
    parsesToolCalls: Bool = false, stop: [String] = [], toolSchemas: [String: JSON] = [:]
  ) {
    self.reasoning = reasoning
    self.startsInReasoning = startsInReasoning
    self.tools = tools
    self.parsesToolCalls = parsesToolCalls
    self.stop = stop
    self.toolSchemas = toolSchemas
  }
}

/// A piece of a parsed response. Concatenated pieces of a kind make the whole.
public enum OutputEvent: Sendable, Equatable {
  /// Thinking; never empty.
  case reasoning(String)
  /// Answer; never empty.
  case content(String)
  /// A tool call begins; they are numbered from 0. One without an end before the next event of another kind, or the
  /// response's end, is broken or cut off.
  case toolCallStarted(index: Int, name: String)
  /// JSON text of a call's arguments: the fragments of one that ends are together one JSON object.
  case toolCallArguments(index: Int, fragment: String)
  /// A tool call is complete.
  case toolCallEnded(index: Int)
  /// This stop string was met; nothing follows.
  case stopped(String)
}
