/// How to make a trace: the same recipe and seed make the same one.
public struct TraceRecipe: Sendable, Hashable {
  /// When conversations arrive, whether the server keeps up or not.
  public enum Arrivals: String, Sendable, Hashable, CaseIterable {
    /// Independently of each other (a Poisson process).
    case poisson
    /// In equal intervals.
    case fixed
    /// Several at once, in equal intervals.
    case bursts
  }

  /// Conversations.
  public var conversations: Int
  /// Conversations that arrive in a second, on average.
  public var rate: Double
  /// When they arrive.
  public var arrivals = Arrivals.poisson
  /// Conversations of a burst.
  public var burstSize = 10
  /// New tokens of each turn's prompt.
  public var prompt = LengthDistribution.fixed(500)
  /// Tokens of each reply.
  public var output = LengthDistribution.fixed(100)
  /// Requests of a conversation.
  public var turns = 1
  /// Mean seconds between a reply and the next turn, exponentially spread.
  public var pause = 0.0
  /// Different shared prefixes; 0: none. Each is as likely as any other.
  public var prefixes = 0
  /// Tokens of a shared prefix.
  public var prefixTokens = 1024
  /// Tenants; the first sends half of all conversations, the second half of the rest, and so on, the last what is left.
  public var tenants = 1
  /// Which of the possible traces.
  public var seed: UInt64 = 0

  /// A recipe with no shared prefixes, one turn and one tenant.
  public init(conversations: Int, rate: Double) {
    self.conversations = conversations
    self.rate = rate
  }

  /// The trace.
  public func make() throws(WorkloadError) -> Trace {
    try check()
    var random = SeededGenerator(seed: seed)
    var clock = 0.0
    var made: [Conversation] = []
    made.reserveCapacity(conversations)
    for index in 0..<conversations {
      switch arrivals {
      case .poisson: clock += random.exponential() / rate
      case .fixed: clock = Double(index) / rate
      case .bursts: clock = Double(index / burstSize * burstSize) / rate
      }
      let prefix =
        prefixes == 0
        ? nil : SharedPrefix(id: Int.random(in: 0..<prefixes, using: &random), tokens: prefixTokens)
      let tenant = tenants == 1 ? 0 : min(random.next().leadingZeroBitCount, tenants - 1)
      let turns = (0..<turns).map { turn in
        Turn(
          prompt: prompt.sample(&random), output: output.sample(&random),
          pause: turn == 0 || pause == 0 ? 0 : pause * random.exponential())
      }
      made.append(Conversation(arrival: clock, tenant: tenant, prefix: prefix, turns: turns))
    }
    return Trace(made)
  }

  /// Checks every value without making the trace.
  public func check() throws(WorkloadError) {
    let counts = [
      ("conversations", conversations, 1...10_000_000), ("burst", burstSize, 1...1_000_000),
      ("turns", turns, 1...TraceFile.Limits.turns), ("prefixes", prefixes, 0...TraceFile.Limits.identities),
      ("prefix-tokens", prefixTokens, 1...LengthDistribution.limit), ("tenants", tenants, 1...64),
    ]
    for (name, value, range) in counts where !range.contains(value) {
      throw .invalidOption(name: name, expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(value)")
    }
    guard rate > 0, rate <= 1e6 else {
      throw .invalidOption(name: "rate", expected: "more than 0 conversations a second", found: "\(rate)")
    }
    guard (0...TraceFile.Limits.seconds).contains(pause) else {
      throw .invalidOption(name: "pause", expected: "0 or more seconds", found: "\(pause)")
    }
  }
}
