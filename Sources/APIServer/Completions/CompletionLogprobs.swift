import JSON
import Sampling
import Tokenizer

/// The `logprobs` of a completion: four arrays with an element for each token.
struct CompletionLogprobs: Sendable {
  private let tokenizer: Tokenizer
  private var tokens: [JSON] = []
  private var logprobs: [JSON] = []
  private var alternatives: [JSON] = []
  private var offsets: [JSON] = []
  /// Characters of the text before the next token.
  private var offset = 0

  init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

  /// - Parameters:
  ///   - score: nil for a token that follows nothing.
  mutating func append(_ token: Int32, _ score: TokenScore?) {
    let text = text(token)
    tokens.append(.string(text))
    logprobs.append(score.map { TokenScoreEncoder.number($0.token.logProbability) } ?? .null)
    alternatives.append(score.map(likely) ?? .null)
    offsets.append(.integer(offset))
    offset += tokenizer.decode([token]).unicodeScalars.count
  }

  /// The arrays, with what was appended since this was last asked for.
  mutating func take() -> JSON {
    defer { (tokens, logprobs, alternatives, offsets) = ([], [], [], []) }
    return [
      "tokens": .array(tokens), "token_logprobs": .array(logprobs), "top_logprobs": .array(alternatives),
      "text_offset": .array(offsets),
    ]
  }

  /// The likely tokens and, whether it is one of them or not, the token itself.
  private func likely(_ score: TokenScore) -> JSON {
    var members: JSONObject = [:]
    for other in score.alternatives + [score.token] where members[text(other.id)] == nil {
      members[text(other.id)] = TokenScoreEncoder.number(other.logProbability)
    }
    return .object(members)
  }

  /// The token's text; as OpenAI's API has it, the bytes of one that is no text by itself, so that no two look alike.
  private func text(_ id: Int32) -> String {
    let bytes = tokenizer.bytes(of: id) ?? []
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    return "bytes:"
      + bytes.map { byte in "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}
