public import Engine
public import Tokenizer

/// The model behind the served name: one checkpoint for all requests, or one that replies at once and one that thinks.
public struct Checkpoints: Sendable {
  /// The only checkpoint, or the one for instruct mode.
  public let main: ChatService
  /// The one for thinking mode, if that is another one.
  public let thinking: ChatService?
  /// The modes on offer.
  public let modes: ModelModes

  /// One checkpoint for everything.
  public init(_ service: ChatService) {
    main = service
    thinking = nil
    modes = service.format.modes
  }

  /// Two checkpoints of one model. What a request does not say about its mode, `instruct` decides.
  /// - Throws: `ServingError.invalidSetting` if one of them lacks its mode, or their vocabularies differ.
  public init(instruct: ChatService, thinking: ChatService) throws(ServingError) {
    modes = try ModelModes(instruct: instruct.format.modes, thinking: thinking.format.modes)
    let (own, other) = (instruct.format.tokenizer, thinking.format.tokenizer)
    guard own.vocabularySize == other.vocabularySize,
      (0..<Int32(own.vocabularySize)).allSatisfy({ own.token($0) == other.token($0) })
    else {
      throw .invalidSetting(
        name: "thinking-model", expected: "a model with the vocabulary of the setting model's", found: "another one")
    }
    main = instruct
    self.thinking = thinking
  }

  /// The checkpoints, and what tells them apart behind the served name.
  public var all: [(service: ChatService, suffix: String)] {
    [(main, "")] + (thinking.map { [($0, ":\(Mode.thinking.rawValue)")] } ?? [])
  }

  /// The one that replies in a mode.
  public func service(for mode: Mode) -> ChatService { mode == .thinking ? thinking ?? main : main }

  /// Texts are the same tokens to all of them.
  public var tokenizer: Tokenizer { main.format.tokenizer }

  /// Tokens of one conversation that each of them holds.
  public var contextLength: Int { min(main.contextLength, thinking?.contextLength ?? .max) }

  /// Whether new requests are refused.
  public var isDraining: Bool { main.isDraining || thinking?.isDraining == true }

  /// Whether one of them has been at one step for longer than `limit`.
  public func isStalled(after limit: Duration) -> Bool {
    main.isStalled(after: limit) || thinking?.isStalled(after: limit) == true
  }

  /// Why one of them serves nobody any more, as soon as that is so; nil if one stops, or the calling task is cancelled,
  /// before. To be asked once.
  public func failure() async -> EngineError? {
    await withTaskGroup { group in
      for (service, _) in all { group.addTask { await service.failure() } }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
  }

  /// Requests that run and wait.
  public var load: (running: Int, waiting: Int) {
    all.reduce((0, 0)) { ($0.0 + $1.service.statistics.running, $0.1 + $1.service.statistics.waiting) }
  }

  /// Since when none of them has had anything to do; nil while one has.
  public var idleSince: ContinuousClock.Instant? {
    let times = all.map(\.service.idleSince)
    return times.contains(nil) ? nil : times.compactMap(\.self).max()
  }

  /// Drains all of them at once, see `ChatService.drain`.
  public func drain(grace: Duration) async {
    async let other: Void? = thinking?.drain(grace: grace)
    await main.drain(grace: grace)
    _ = await other
  }
}
