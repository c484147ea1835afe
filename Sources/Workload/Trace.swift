/// What clients ask of a server over some time: conversations in order of arrival.
public struct Trace: Sendable, Hashable {
  /// In order of arrival.
  public var conversations: [Conversation]

  /// A trace of conversations, which are brought into the order of their arrival.
  public init(_ conversations: [Conversation]) {
    self.conversations = conversations.sorted { $0.arrival < $1.arrival }
  }

  /// Turns of all conversations.
  public var requestCount: Int { conversations.reduce(0) { $0 + $1.turns.count } }

  /// When the last conversation arrives, in seconds.
  public var lastArrival: Double { conversations.last?.arrival ?? 0 }

  /// Tokens of the longest sequence a conversation grows to.
  public var longestSequence: Int { conversations.reduce(0) { max($0, $1.length) } }

  /// The same trace in less or more time: arrivals and pauses are divided by `speed`.
  public func sped(up speed: Double) -> Trace {
    Trace(
      conversations.map { conversation in
        var changed = conversation
        changed.arrival /= speed
        for index in changed.turns.indices { changed.turns[index].pause /= speed }
        return changed
      })
  }
}

/// A client that sends one request or, with each turn, the whole conversation so far and something new.
public struct Conversation: Sendable, Hashable {
  /// Seconds from the start of the trace to its first request.
  public var arrival: Double
  /// On whose behalf; 0 is the first tenant.
  public var tenant: Int
  /// What it shares with others at its beginning: a system prompt.
  public var prefix: SharedPrefix?
  /// At least one.
  public var turns: [Turn]

  /// A conversation.
  public init(arrival: Double, tenant: Int = 0, prefix: SharedPrefix? = nil, turns: [Turn]) {
    self.arrival = arrival
    self.tenant = tenant
    self.prefix = prefix
    self.turns = turns
  }

  /// Tokens of all of it.
  public var length: Int { turns.reduce(prefix?.tokens ?? 0) { $0 + $1.prompt + $1.output } }
}

/// The beginning of conversations, the same for all with the same number.
public struct SharedPrefix: Sendable, Hashable {
  /// Which one.
  public var id: Int
  /// How many tokens.
  public var tokens: Int

  /// A beginning.
  public init(id: Int, tokens: Int) {
    self.id = id
    self.tokens = tokens
  }
}

/// One request of a conversation.
public struct Turn: Sendable, Hashable {
  /// Tokens that are new in the prompt, at least 1. The shared prefix, earlier prompts and replies come before them.
  public var prompt: Int
  /// Tokens of the reply, at least 1.
  public var output: Int
  /// Seconds between the end of the reply before and this request; none before the first.
  public var pause: Double

  /// A turn.
  public init(prompt: Int, output: Int, pause: Double = 0) {
    self.prompt = prompt
    self.output = output
    self.pause = pause
  }
}
