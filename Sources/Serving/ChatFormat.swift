public import ChatTemplate
package import Foundation
import JSON
public import ModelFiles
import OutputParsing
public import Tokenizer

/// Everything about a model that concerns text: how a conversation becomes tokens, and tokens a reply.
public struct ChatFormat: Sendable {
  /// Text to tokens and back.
  public let tokenizer: Tokenizer
  /// Conversation to text.
  public let template: ChatTemplate
  /// The modes the template offers.
  public let modes: ModelModes
  /// Sampling where a request does not say.
  public let sampling: SamplingDefaults
  /// Tokens that end a reply.
  public let endTokens: Set<Int32>
  let specialTokens: SpecialTokens
  /// Put before a prompt that does not begin with it.
  let beginToken: Int32?
  let toolCallFormat: ToolCallFormat?
  /// Sampling of each mode, as the server's owner wants it.
  private let modeSampling: [Mode: SamplingOverrides]
  /// Texts that end a thought whose tokens are used up, the best first.
  let closings: [ThinkingLimit.Closing]

  /// Puts a model's text side together.
  ///
  /// - Throws: `ServingError.invalidSetting` for a closing text without the closing tag.
  public init(
    tokenizer: Tokenizer, template: ChatTemplate, specialTokens: SpecialTokens, generation: GenerationConfiguration,
    beginToken: Int32? = nil, settings: ConversationSettings = ConversationSettings()
  ) throws(ServingError) {
    let closingText = settings.closingText ?? "\n\(ReasoningMarks.close)\n\n"
    guard closingText.contains(ReasoningMarks.close) else {
      throw .invalidSetting(
        name: "thinking-closing-text", expected: "a text with \(ReasoningMarks.close) in it", found: closingText)
    }
    self.tokenizer = tokenizer
    self.template = template
    self.specialTokens = specialTokens
    self.beginToken = beginToken
    modes = ModelModes(template)
    sampling = SamplingDefaults(generation)
    endTokens = Set(generation.eosTokenIDs + (specialTokens.eos.flatMap(tokenizer.id(of:)).map { [$0] } ?? []))
    toolCallFormat = settings.toolCalls.format(template: template.source)
    modeSampling = settings.sampling
    closings = [closingText, "\(ReasoningMarks.close)\n\n"].map {
      Self.closing($0, tokenizer)
    }
  }

  /// The tokens of a text that closes a thought, and how many of them are part of it.
  private static func closing(_ text: String, _ tokenizer: Tokenizer) -> ThinkingLimit.Closing {
    let tokens = tokenizer.encode(text)
    var parser = OutputParser(format: OutputFormat(reasoning: ReasoningMarks.tags, startsInReasoning: true))
    var detokenizer = tokenizer.makeDetokenizer(skippingSpecialTokens: true)
    let end = tokens.firstIndex { token in
      _ = parser.consume(detokenizer.append(token))
      return !parser.isInReasoning
    }
    return ThinkingLimit.Closing(tokens: tokens, thoughtTokens: end.map { $0 + 1 } ?? tokens.count)
  }

  /// Sampling values for a request, with what its mode has where it says nothing.
  func sampling(_ overrides: SamplingOverrides, mode: Mode) -> SamplingOverrides {
    overrides.completed(by: modeSampling[mode] ?? SamplingOverrides())
  }

  /// A conversation as the model reads it.
  package struct Prompt: Sendable {
    package let tokens: [Int32]
    /// The reply begins inside a thought.
    package let startsInReasoning: Bool
  }

  /// Template variables that are the server's to set.
  public static let reservedVariables: Set<String> = [
    "messages", "tools", "add_generation_prompt", "bos_token", "eos_token", "pad_token", "unk_token",
  ]

  /// Renders and tokenises a conversation. `now` is what the template's `strftime_now` shows.
  package func prompt(for request: ChatRequest, now: Date) throws(GenerationError) -> Prompt {
    let text = try text(of: request, request.messages, now: now)
    return prompt(text, tokenizer.encode(text))
  }

  /// The prompt with this text, whose tokens these are.
  func prompt(_ text: String, _ tokens: [Int32]) -> Prompt {
    Prompt(tokens: beginning(tokens), startsInReasoning: ReasoningMarks.isOpen(atEndOf: text))
  }

  /// Renders a conversation of these messages, with all else as a request has it.
  func text(of request: ChatRequest, _ messages: [JSON], now: Date) throws(GenerationError) -> String {
    var variables = ChatTemplate.conversationDefaults
    for (name, value) in request.templateArguments { variables[name] = value }
    for (name, value) in modes.templateArguments(for: request.mode) { variables[name] = value }
    // A part of the conversation does not end with the message that is to be continued.
    let continues = request.continuesFinalMessage && messages.count == request.messages.count
    let marked = continues ? FinalMessage(markedIn: messages) : nil
    variables["messages"] = .array(marked?.messages ?? messages)
    variables["add_generation_prompt"] = .bool(request.addsGenerationPrompt && !request.continuesFinalMessage)
    if !request.tools.isEmpty { variables["tools"] = .array(request.tools) }
    variables["bos_token"] = specialTokens.bos.map(JSON.string)
    variables["eos_token"] = specialTokens.eos.map(JSON.string)
    variables["pad_token"] = specialTokens.pad.map(JSON.string)
    variables["unk_token"] = specialTokens.unknown.map(JSON.string)
    let text = try render(variables, now: now)
    guard continues else { return text }
    guard let cut = marked?.cut(text) else {
      throw .invalidParameter(
        name: "continue_final_message",
        message: "The chat template does not write the last message as it is, so it cannot be continued.")
    }
    return cut
  }

  private func render(_ variables: JSONObject, now: Date) throws(GenerationError) -> String {
    do {
      return try template.render(variables, now: now)
    } catch {
      throw .template(error)
    }
  }

  /// The tokens of a prompt that no template has a part in.
  package func tokens(of prompt: CompletionRequest.Prompt) throws(GenerationError) -> [Int32] {
    switch prompt {
    case .text(let text): return beginning(tokenizer.encode(text))
    case .tokens(let tokens):
      guard let index = tokens.firstIndex(where: { $0 < 0 || Int($0) >= tokenizer.vocabularySize }) else {
        return tokens
      }
      throw .invalidParameter(
        name: "prompt",
        message: "The prompt has token \(tokens[index]) at index \(index), but this model's tokens are 0 to "
          + "\(tokenizer.vocabularySize - 1).")
    }
  }

  /// The texts of the special tokens that the model has, by the names that clients know.
  package var specialTokenTexts: [String: String] {
    [
      "bos_token": specialTokens.bos, "eos_token": specialTokens.eos, "pad_token": specialTokens.pad,
      "unk_token": specialTokens.unknown,
    ].compactMapValues { $0 }
  }

  /// Whether a prompt gets a token in front that it does not begin with.
  package var beginsPrompts: Bool { beginToken != nil }

  /// The tokens with the one that a text has to begin with in front.
  private func beginning(_ tokens: [Int32]) -> [Int32] {
    guard let beginToken, tokens.first != beginToken else { return tokens }
    return [beginToken] + tokens
  }

  /// What the reply may begin with, other than content.
  func openings(for request: ChatRequest, startsInReasoning: Bool) -> ReplyConstraint.Openings {
    let thinks = request.mode == .thinking && !startsInReasoning
    let callsTools = request.parsesToolCalls && !request.tools.isEmpty && toolCallFormat != nil
    return ReplyConstraint.Openings(
      thought: thinks ? tokenizer.id(of: ReasoningMarks.open) : nil,
      toolCall: callsTools ? tokenizer.id(of: ToolCallFormat.openingTag) : nil)
  }

  /// What the calls in the replies to a request have to be; nil where they are free, or there are none.
  ///
  /// - Throws: `invalidParameter` where calls are required of a model that has no format for them.
  func calls(for request: ChatRequest) throws(GenerationError) -> ToolCallConstraint? {
    guard request.parsesToolCalls, !request.tools.isEmpty else { return nil }
    if let toolCallFormat { return ToolCallConstraint(request, toolCallFormat) }
    guard request.toolChoice == .automatic else {
      throw .invalidParameter(
        name: "tool_choice",
        message: "'tool_choice' asks for a call, but this model's chat template has no format for calls.")
    }
    return nil
  }

  /// What the reply to a request may contain.
  func outputFormat(for request: ChatRequest, startsInReasoning: Bool) -> OutputFormat {
    var schemas: [String: JSON] = [:]
    for tool in request.tools {
      let function = tool["function"] ?? tool
      if let name = function["name"]?.stringValue { schemas[name] = function["parameters"] }
    }
    return OutputFormat(
      reasoning: modes.canThink || startsInReasoning
        ? ReasoningMarks.tags : nil,
      startsInReasoning: startsInReasoning, tools: toolCallFormat,
      parsesToolCalls: request.parsesToolCalls && !request.tools.isEmpty && toolCallFormat != nil,
      stop: request.options.stop, toolSchemas: schemas)
  }
}
