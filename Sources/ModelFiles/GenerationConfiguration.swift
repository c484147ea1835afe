/// A model's `generation_config.json`: how its makers mean it to be sampled. Nil where the file does not say.
public struct GenerationConfiguration: Sendable, Hashable {
  /// Whether to sample at all; greedy otherwise.
  public var doSample: Bool?
  /// Divides the logits.
  public var temperature: Double?
  /// Keeps the smallest set of tokens with at least this probability.
  public var topP: Double?
  /// Keeps this many tokens; 0 keeps all.
  public var topK: Int?
  /// Keeps tokens with at least this share of the likeliest one's probability.
  public var minP: Double?
  /// Divides the logits of tokens that occurred.
  public var repetitionPenalty: Double?
  /// Tokens that end a reply.
  public var eosTokenIDs: [Int32] = []

  /// A configuration that says nothing.
  public init() {}

  /// Reads the contents of a `generation_config.json`. `file` names it in errors.
  public init(
    parsing text: some Collection<UInt8>, file: String = "generation_config.json"
  ) throws(ModelFileError) {
    let reader = try ConfigurationReader(parsing: text, file: file)
    doSample = try reader.bool("do_sample")
    temperature = try reader.number("temperature", in: 0...1000)
    topP = try reader.number("top_p", in: 0...1)
    topK = try reader.integer("top_k", in: 0...1 << 24)
    minP = try reader.number("min_p", in: 0...1)
    repetitionPenalty = try reader.number("repetition_penalty", in: 0.001...1000)
    eosTokenIDs = try reader.tokenIDs("eos_token_id")
  }
}
