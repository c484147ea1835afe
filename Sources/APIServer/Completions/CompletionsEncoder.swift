import JSON
import OutputParsing
import Sampling
import Serving
import Tokenizer

/// Writes completions, streamed or whole. Both have the same form.
struct CompletionsEncoder: ReplyEncoder {
  /// What is kept of one completion.
  private struct Choice {
    var text = ""
    var logprobs: CompletionLogprobs
    /// Sum and number of the log-probabilities of the generated tokens.
    var total = 0.0
    var count = 0
    var reason: FinishReason?

    /// What `best_of` chooses by.
    var merit: Double { count == 0 ? -.infinity : total / Double(count) }
  }

  /// A prompt as it is echoed.
  struct Echo: Sendable {
    let text: String
    let tokens: [Int32]
  }

  private let head: ReplyHead
  private let isStreamed: Bool
  private let includesUsage: Bool
  /// `n`, and how many are made for each prompt.
  private let wanted: Int
  private let made: Int
  /// Whether `logprobs` are sent.
  private let isScored: Bool
  /// By prompt; empty without `echo`.
  private let echoes: [Echo]
  private var choices: [Choice]
  private var usage: TokenUsage?

  init(_ head: ReplyHead, _ request: CompletionsRequest, echoes: [Echo], tokenizer: Tokenizer) {
    self.head = head
    self.echoes = echoes
    isStreamed = request.isStreamed
    includesUsage = request.includesUsage
    wanted = request.choices
    made = request.bestOf
    isScored = request.alternatives != nil
    choices = Array(
      repeating: Choice(logprobs: CompletionLogprobs(tokenizer)), count: request.prompts.count * request.bestOf)
  }

  mutating func begin() -> [ReplyFrame] {
    // With scores the prompt comes as soon as it is scored.
    guard !echoes.isEmpty, !isScored else { return [] }
    return choices.indices.flatMap { grow($0, by: echoes[$0 / made].text) }
  }

  mutating func take(promptScores: [TokenScore?], choice first: Int) -> [ReplyFrame] {
    guard !echoes.isEmpty else { return [] }
    let echo = echoes[first / made]
    return (first..<first + made).flatMap { index in
      for (token, score) in zip(echo.tokens, promptScores) { choices[index].logprobs.append(token, score) }
      return grow(index, by: echo.text)
    }
  }

  mutating func take(_ event: OutputEvent, _ scores: [TokenScore], choice: Int) -> [ReplyFrame] {
    note(scores, choice)
    guard case .content(let text) = event else { return [] }
    return grow(choice, by: text)
  }

  mutating func take(_ end: ChoiceEnd, choice: Int) -> [ReplyFrame] {
    note(end.scores, choice)
    choices[choice].reason = end.reason
    return isStreamed ? [chunk(choice, text: "")] : []
  }

  mutating func finish(_ usage: TokenUsage) -> [ReplyFrame] {
    self.usage = usage
    guard isStreamed else { return [] }
    let last = includesUsage ? [ReplyFrame(head.object(Self.kind, choices: [], usage: usage.json))] : []
    return last + [ChunkEncoder.done]
  }

  func fail(_ error: APIError) -> [ReplyFrame] { [ReplyFrame(error.envelope), ChunkEncoder.done] }

  func whole() -> JSON {
    var sent: [JSON] = []
    for start in stride(from: 0, to: choices.count, by: made) {
      var group = Array(choices[start..<start + made])
      if made > wanted {
        // Stable, so that equal ones keep their order.
        group = group.enumerated().sorted { ($1.element.merit, $0.offset) < ($0.element.merit, $1.offset) }
          .map(\.element)
      }
      for choice in group.prefix(wanted) {
        var logprobs = choice.logprobs
        sent.append(json(sent.count, choice.text, isScored ? logprobs.take() : .null, choice.reason))
      }
    }
    return head.object(Self.kind, choices: sent, usage: usage?.json)
  }

  // MARK: - Parts

  private static let kind = "text_completion"

  private mutating func note(_ scores: [TokenScore], _ index: Int) {
    for score in scores {
      choices[index].total += score.token.logProbability
      choices[index].count += 1
      choices[index].logprobs.append(score.token.id, score)
    }
  }

  private mutating func grow(_ index: Int, by text: String) -> [ReplyFrame] {
    guard isStreamed else {
      choices[index].text += text
      return []
    }
    return [chunk(index, text: text)]
  }

  private mutating func chunk(_ index: Int, text: String) -> ReplyFrame {
    let logprobs = isScored ? choices[index].logprobs.take() : .null
    return ReplyFrame(
      head.object(
        Self.kind, choices: [json(index, text, logprobs, choices[index].reason)], usage: includesUsage ? .null : nil))
  }

  private func json(_ index: Int, _ text: String, _ logprobs: JSON, _ reason: FinishReason?) -> JSON {
    [
      "index": .integer(index), "text": .string(text), "logprobs": logprobs,
      "finish_reason": reason.map { .string($0.rawValue) } ?? .null,
    ]
  }
}
