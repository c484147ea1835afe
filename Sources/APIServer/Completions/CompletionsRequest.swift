import JSON
import Serving
import Tokenizer

/// A request for completions, checked.
struct CompletionsRequest {
  let model: String
  private(set) var prompts: [CompletionRequest.Prompt]
  /// What stands behind the text to be filled in; nil where the text only goes on.
  private let suffix: String?
  let choices: Int
  let bestOf: Int
  let isEchoed: Bool
  /// `logprobs`.
  let alternatives: Int?
  let isStreamed: Bool
  let includesUsage: Bool
  let ignoredFields: [String]
  private let options: GenerationOptions
  private let skipsSpecialTokens: Bool

  /// Tokens where the request does not say, as in OpenAI's API.
  private static let standardTokens = 16

  init(_ body: JSON, name: String, _ terms: RequestTerms) throws(APIError) {
    ignoredFields = try RequestCheck.unknownPlaces(in: body, CompletionsSchema.body)
    model = body["model"]?.stringValue ?? ""
    choices = body["n"]?.intValue ?? 1
    bestOf = max(choices, body["best_of"]?.intValue ?? choices)
    isEchoed = body["echo"]?.boolValue ?? false
    alternatives = body["logprobs"]?.intValue
    isStreamed = body["stream"]?.boolValue ?? false
    includesUsage = body["stream_options"]?["include_usage"]?.boolValue ?? false
    skipsSpecialTokens = body["skip_special_tokens"]?.boolValue ?? true
    if let given = body["best_of"]?.intValue {
      guard given >= choices else {
        throw .wrongValue("best_of", "'best_of' is \(given), but must be at least 'n', which is \(choices).")
      }
      guard given == choices || !isStreamed else {
        throw .wrongValue("best_of", "'best_of' greater than 'n' excludes 'stream': the best are known at the end.")
      }
    }
    if body["stream_options"]?.objectValue != nil, !isStreamed {
      throw .wrongValue("stream_options", "'stream_options' is only allowed where 'stream' is true.")
    }
    prompts = Self.prompts(body["prompt"])
    suffix = body["suffix"]?.stringValue
    guard suffix == nil || !isEchoed else { throw .wrongValue("echo", "'echo' and 'suffix' exclude each other.") }
    var options = GenerationOptions(name: name)
    options.maximumTokens = body["max_tokens"]?.intValue ?? Self.standardTokens
    if options.maximumTokens == 0, !isEchoed {
      throw .wrongValue("max_tokens", "'max_tokens' may be 0 only with 'echo'.")
    }
    options.stop = body["stop"]?.stringValue.map { [$0] } ?? (body["stop"]?.arrayValue ?? []).compactMap(\.stringValue)
    options.choices = bestOf
    options.scoredAlternatives = alternatives ?? (bestOf > choices ? 0 : nil)
    options.seed = body["seed"]?.intValue.map { UInt64(bitPattern: Int64($0)) }
    options.sampling = try SamplingOverrides(body)
    options.terms = terms
    options.terms.cacheSalt = body["cache_salt"]?.stringValue
    options.terms.priority = body["priority"]?.intValue ?? 0
    options.draftTokens = body["draft_tokens"]?.intValue
    self.options = options
  }

  /// What the service is asked for.
  func request(for prompt: CompletionRequest.Prompt) -> CompletionRequest {
    var request = CompletionRequest(name: options.name, prompt: prompt)
    request.options = options
    request.promptAlternatives = isEchoed ? alternatives : nil
    request.skipsSpecialTokens = skipsSpecialTokens
    return request
  }

  private static func prompts(_ value: JSON?) -> [CompletionRequest.Prompt] {
    func tokens(_ values: [JSON]) -> [Int32] { values.compactMap { $0.intValue.flatMap(Int32.init(exactly:)) } }
    switch value {
    case .string(let text): return [.text(text)]
    case .array(let elements) where elements.first?.intValue != nil: return [.tokens(tokens(elements))]
    case .array(let elements):
      return elements.map { $0.stringValue.map { .text($0) } ?? .tokens(tokens($0.arrayValue ?? [])) }
    default: return []
    }
  }

  /// Where there is a suffix, gives the prompts the form that asks for what stands between them and it.
  mutating func fillIn(_ tokenizer: Tokenizer) throws(APIError) {
    guard let suffix else { return }
    guard let marks = FillMarks(tokenizer) else {
      throw .unsupported("suffix", "filling in the middle, which this model was not trained for,")
    }
    prompts = prompts.map { prompt in
      let before: [Int32] =
        switch prompt {
        case .text(let text): tokenizer.encode(text)
        case .tokens(let tokens): tokens
        }
      return .tokens([marks.prefix] + before + [marks.suffix] + tokenizer.encode(suffix) + [marks.middle])
    }
  }
}

/// The special tokens of models that fill in the middle (Bavarian et al., arXiv 2207.14255), in the order prefix, suffix,
/// middle, by the names that Qwen, StarCoder and DeepSeek give them.
private struct FillMarks {
  let prefix: Int32
  let suffix: Int32
  let middle: Int32

  private static let names = [
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"), ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),
  ]

  /// Nil where the vocabulary has none.
  init?(_ tokenizer: Tokenizer) {
    for (prefix, suffix, middle) in Self.names {
      guard let prefix = tokenizer.id(of: prefix), let suffix = tokenizer.id(of: suffix),
        let middle = tokenizer.id(of: middle)
      else { continue }
      self.prefix = prefix
      self.suffix = suffix
      self.middle = middle
      return
    }
    return nil
  }
}

extension SamplingOverrides {
  /// Reads the members of a checked body.
  fileprivate init(_ body: JSON) throws(APIError) {
    self.init()
    temperature = body["temperature"]?.doubleValue
    topP = body["top_p"]?.doubleValue
    topK = body["top_k"]?.intValue.map { max(0, $0) }
    minP = body["min_p"]?.doubleValue
    frequencyPenalty = body["frequency_penalty"]?.doubleValue
    presencePenalty = body["presence_penalty"]?.doubleValue
    repetitionPenalty = body["repetition_penalty"]?.doubleValue
    bias = try LogitBias.read(body["logit_bias"]?.objectValue ?? [:])
  }
}
