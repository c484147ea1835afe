/// What a request asks of its replies, whatever its prompt is.
public struct GenerationOptions: Sendable {
  /// Names the request in the log.
  public var name: String
  /// How tokens are chosen, where it differs from the model's defaults.
  public var sampling = SamplingOverrides()
  /// Makes the replies repeatable; nil draws one.
  public var seed: UInt64?
  /// Tokens to generate at most, thoughts included; nil, or more than the context leaves, means what it leaves.
  public var maximumTokens: Int?
  /// Texts that end a reply, and are not part of it.
  public var stop: [String] = []
  /// Replies to the one prompt, at least 1. Each has a seed of its own, derived from the request's.
  public var choices = 1
  /// How many of the most likely tokens are told beside each generated one, with log-probabilities of the model's own
  /// distribution; 0 tells the generated token's alone, nil nothing.
  public var scoredAlternatives: Int?
  /// What the content of the replies has to be; nil leaves it free.
  public var constraint: OutputConstraint?
  /// Tokens guessed in a step, at most; 0 guesses none, nil leaves it to the server.
  public var draftTokens: Int?
  /// What the reply will probably be, or be much like: speeds it up where the server guesses tokens.
  public var prediction: String?
  /// Whose request it is, and how it is to be served.
  public var terms = RequestTerms()
  /// Whether to say what was reused of earlier requests, and why not more.
  public var wantsCacheReport = false

  /// When the request came in.
  public var arrival = ContinuousClock.now

  /// Options with defaults for all but the name.
  public init(name: String) { self.name = name }
}
