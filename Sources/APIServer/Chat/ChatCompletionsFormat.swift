import JSON
import OutputParsing
import Sampling
import Serving
import Tokenizer

/// `POST /v1/chat/completions`.
struct ChatCompletionsFormat: WireFormat {
  let name = "chat"
  let intake: ChatIntake
  let reasoningField: ReasoningField

  func accept(
    _ body: JSON, _ terms: RequestTerms, _ record: inout AccessRecord
  ) async throws -> AcceptedRequest<ChatReplyEncoder> {
    var parsed = try ChatCompletionRequest(body)
    let begun = try await intake.begin(&parsed, terms, &record)
    let head = ReplyHead(
      model: parsed.model, fingerprint: begun.fingerprint, serviceTier: parsed.serviceTier,
      reasoningField: parsed.hidesThoughts ? nil : reasoningField, isNamedCall: parsed.tools.choice.isSingle)
    let tokenizer = begun.checkpoints.tokenizer
    let scores = parsed.scoredAlternatives == nil ? nil : TokenScoreEncoder(tokenizer: tokenizer)
    return AcceptedRequest(
      generations: [begun.generation],
      encoder: parsed.isStreamed
        ? ChatReplyEncoder(
          streaming: ChunkEncoder(head, includesUsage: parsed.includesUsage, encoder: scores), tokenizer)
        : ChatReplyEncoder(collecting: begun.generation.ids.count, head, encoder: scores, tokenizer),
      delivery: parsed.isStreamed ? .streamed : .whole, ignoredFields: parsed.ignoredFields)
  }
}

/// Writes replies as chunks, or as one completion.
struct ChatReplyEncoder: ReplyEncoder {
  /// Nil where the replies are not streamed.
  private var chunks: ChunkEncoder?
  private var collectors: [ReplyCollector] = []
  private let head: ReplyHead?
  private let encoder: TokenScoreEncoder?
  private let tokenizer: Tokenizer
  private var usage: TokenUsage?

  /// - Parameter tokenizer: spells tokens in the report of the cache.
  init(streaming chunks: ChunkEncoder, _ tokenizer: Tokenizer) {
    self.chunks = chunks
    self.tokenizer = tokenizer
    head = nil
    encoder = nil
  }

  /// - Parameters:
  ///   - encoder: writes the scores; nil leaves them out.
  ///   - tokenizer: spells tokens in the report of the cache.
  init(collecting choices: Int, _ head: ReplyHead, encoder: TokenScoreEncoder?, _ tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
    collectors = Array(repeating: ReplyCollector(head), count: choices)
    self.head = head
    self.encoder = encoder
  }

  mutating func take(_ event: OutputEvent, _ scores: [TokenScore], choice: Int) -> [ReplyFrame] {
    if let frames = chunks?.chunks(for: event, scores, choice: choice) { return frames }
    collectors[choice].take(event, scores)
    return []
  }

  mutating func take(_ end: ChoiceEnd, choice: Int) -> [ReplyFrame] {
    if let frames = chunks?.chunks(for: end, choice: choice) { return frames }
    collectors[choice].take(end)
    return []
  }

  mutating func finish(_ usage: TokenUsage) -> [ReplyFrame] {
    if let chunks { return chunks.chunks(for: usage, usage.cacheReport?.json(tokenizer)) + [ChunkEncoder.done] }
    self.usage = usage
    return []
  }

  func fail(_ error: APIError) -> [ReplyFrame] { [ReplyFrame(error.envelope), ChunkEncoder.done] }

  func whole() -> JSON {
    head?.object(
      "chat.completion", choices: collectors.enumerated().map { $1.choice($0, encoder: encoder) }, usage: usage?.json,
      report: usage?.cacheReport?.json(tokenizer)) ?? .null
  }
}
