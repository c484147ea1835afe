public import Engine
public import Host
public import Logging
import Metrics
import Synchronization

/// A server's models: loads them when they are asked for, and unloads them when others need their memory, or nobody has
/// used them for a while. While models in use leave no room, requests for others wait.
///
/// `acquire` waits for a model; who has got it owes `release` once its request is handed over to the model's service. A
/// model is unloaded only while nobody has it and its services have nothing to do.
public final class ModelPool: Sendable {
  /// The models; they are known by their place here.
  public let models: [PooledModel]
  /// Bytes that they may take together; nil is no limit.
  public let memoryLimit: Int?

  struct State {
    var books: ModelBooks
    /// Those in memory, also while they are being unloaded.
    var loaded: [Checkpoints?]
    /// How often each was loaded.
    var lives: [Int]
    /// What lets go of models.
    var departures: [Int: Task<Void, Never>] = [:]
    var waiting: [ModelBooks.Waiter: CheckedContinuation<Result<Checkpoints, ModelRefusal>, Never>] = [:]
    var lastWaiter: ModelBooks.Waiter = 0

    func idleSince(_ model: Int) -> ContinuousClock.Instant? { loaded[model]?.idleSince }
  }

  let state: Mutex<State>
  let host: any HostSystem
  let logger: Logger
  private let failures: AsyncStream<EngineError>
  let failing: AsyncStream<EngineError>.Continuation

  /// How long what is cached of a model may take to be written to files when it is unloaded.
  static let savingTime = Duration.seconds(60)

  /// Models of which none is loaded yet.
  ///
  /// - Parameters:
  ///   - memoryLimit: bytes that they may take together; nil is no limit.
  ///   - host: whose time counts, and who loads.
  ///   - logger: hears of loading and unloading.
  /// - Throws: `ServingError.tooLittleMemory` for a model that does not fit into the limit, or if those to be loaded at the
  ///   start do not together.
  public init(
    _ models: [PooledModel], memoryLimit: Int?, host: any HostSystem = SystemHost(), logger: Logger
  ) throws(ServingError) {
    if let memoryLimit {
      try Self.check(models, memoryLimit)
    }
    self.models = models
    self.memoryLimit = memoryLimit
    self.host = host
    self.logger = logger
    (failures, failing) = AsyncStream.makeStream()
    let entries = models.map { model in
      ModelBooks.Entry(
        name: model.names[0], need: model.outline.memory.total, mostWaiters: model.residence.mostWaiters,
        isPermanent: model.loader == nil)
    }
    state = Mutex(
      State(
        books: ModelBooks(entries, limit: memoryLimit ?? .max), loaded: Array(repeating: nil, count: models.count),
        lives: Array(repeating: 0, count: models.count)))
  }

  /// One model, which is there and stays.
  public init(
    serving checkpoints: Checkpoints, names: [String], host: any HostSystem = SystemHost(), logger: Logger
  ) {
    let model = PooledModel(names: names, checkpoints)
    models = [model]
    memoryLimit = nil
    self.host = host
    self.logger = logger
    (failures, failing) = AsyncStream.makeStream()
    let books = ModelBooks([ModelBooks.Entry(name: names[0], need: 0, isPermanent: true)], limit: .max)
    state = Mutex(State(books: books, loaded: [checkpoints], lives: [1]))
  }

  private static func check(_ models: [PooledModel], _ limit: Int) throws(ServingError) {
    for model in models where model.outline.memory.total > limit {
      throw .tooLittleMemory(
        purpose: "model-memory: the model '\(model.names[0])'", needed: model.outline.memory.total, available: limit)
    }
    let first = models.filter(\.residence.loadsAtStart)
    let sum = first.reduce(0) { $0 + $1.outline.memory.total }
    guard sum <= limit else {
      throw .tooLittleMemory(
        purpose: "model-memory: " + first.map { "'\($0.names[0])'" }.joined(separator: ", ")
          + " loaded together at the start (load: demand loads a model when it is asked for)",
        needed: sum, available: limit)
    }
  }

  // MARK: - Using a model

  /// Waits until a model is loaded. `release` is owed as soon as what it is asked for is in its service's hands.
  ///
  /// - Parameter deadline: when the wait is in vain.
  /// - Throws: `ModelRefusal.cancelled` if the calling task is cancelled; else why there is no model.
  public func acquire(
    _ model: Int, deadline: ContinuousClock.Instant? = nil
  ) async throws(ModelRefusal) -> Checkpoints {
    let waiter = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (isWaiting, isHoping) = change { state in
          state.waiting[waiter] = continuation
          guard !Task.isCancelled else { return [.refuse(waiter, .cancelled)] }
          return state.books.request(model, by: waiter, at: host.now, idleSince: state.idleSince)
        } then: {
          ($0.waiting[waiter] != nil, $0.books.isHoping(model))
        }
        if isWaiting { limitWait(of: waiter, for: model, deadline, isHoping: isHoping) }
      }
    } onCancel: {
      change { $0.books.giveUp(waiter, on: model, .cancelled) }
    }
    do throws(ModelRefusal) {
      return try result.get()
    } catch {
      if let kind = error.kind { models[model].metrics.refused[kind]?.add() }
      throw error
    }
  }

  /// What was acquired is not needed any more.
  public func release(_ model: Int) {
    let now = host.now
    change { state in
      state.books.release(model, at: now)
      return []
    }
  }

  private func limitWait(
    of waiter: ModelBooks.Waiter, for model: Int, _ deadline: ContinuousClock.Instant?, isHoping: Bool
  ) {
    let residence = models[model].residence
    let ends = [deadline, residence.longestWait.map { host.now + $0 }]
    if let end = ends.compactMap(\.self).min() { at(end) { $0.late(waiter, on: model) } }
    if isHoping, residence.longestWait == nil {
      at(host.now + residence.longestWaitForRoom) { $0.loseHope(waiter, on: model) }
    }
  }

  private func at(
    _ end: ContinuousClock.Instant, _ change: @escaping @Sendable (inout ModelBooks) -> [ModelBooks.Action]
  ) {
    Task { [weak self, host] in
      try? await host.sleep(until: end)
      self?.change { change(&$0.books) }
    }
  }

  // MARK: - What there is

  /// A model that is loaded; nil while it is not. For looking at it only: it may go at any time.
  public func checkpoints(of model: Int) -> Checkpoints? { state.withLock { $0.loaded[model] } }

  /// Where a model is in its life.
  public func modelState(of model: Int) -> ModelState { state.withLock { $0.books.state(of: model) } }

  /// Whether the last attempt to load a model failed.
  public func hasFailed(_ model: Int) -> Bool { state.withLock { $0.books.hasFailed(model) } }

  /// Requests that wait for a model to be loaded.
  public func waiting(for model: Int) -> Int { state.withLock { $0.books.waiting(for: model) } }

  /// Bytes that models take, or that are kept for those on their way into memory or out of it.
  public var memory: Int { state.withLock { $0.books.occupied } }

  var loaded: [Checkpoints] { state.withLock { $0.loaded.compactMap(\.self) } }

  /// Whether new requests are refused.
  public var isDraining: Bool { state.withLock { $0.books.isDraining } }

  /// Whether the step loop of a model has been at one step for longer than `limit`.
  public func isStalled(after limit: Duration) -> Bool { loaded.contains { $0.isStalled(after: limit) } }

  /// Why nobody is served any more, as soon as that is so; nil if the calling task is cancelled before. To be asked once.
  ///
  /// With several models it is never so: one whose files were changed is unloaded, and the others go on.
  public func failure() async -> EngineError? { await failures.first { _ in true } }

  /// Requests that run and wait.
  public var load: (running: Int, waiting: Int) {
    loaded.map(\.load).reduce((0, 0)) { ($0.0 + $1.running, $0.1 + $1.waiting) }
  }

  // MARK: - Loading and unloading

  /// Loads the models that are to be there from the beginning, one after another.
  public func loadAtStart() async throws(ModelRefusal) {
    for model in models.indices where models[model].residence.loadsAtStart {
      _ = try await acquire(model)
      release(model)
    }
  }

  /// Unloads a model, and returns when it is gone.
  /// - Returns: whether it could be: false if it is in use, or is being loaded.
  public func unload(_ model: Int) async -> Bool {
    change { $0.books.unload(model, idleSince: $0.idleSince) }
    await state.withLock { $0.departures[model] }?.value
    return modelState(of: model) == .unloaded
  }

  /// Refuses new requests, lets the others finish for as long as `grace`, and returns when all step loops have stopped.
  /// Where the calling task is cancelled, the grace is over.
  public func drain(grace: Duration) async {
    change { $0.books.drain() }
    await withTaskGroup { group in
      for checkpoints in loaded { group.addTask { await checkpoints.drain(grace: grace) } }
    }
  }

  /// A model has nothing to do any more: others may have its memory.
  func makeRoom() { change { _ in [] } }

  /// Changes the books, and does what they then say.
  @discardableResult func change<Value: Sendable>(
    _ change: (inout State) -> [ModelBooks.Action], then look: (State) -> Value
  ) -> Value {
    typealias Answer = (
      CheckedContinuation<Result<Checkpoints, ModelRefusal>, Never>, Result<Checkpoints, ModelRefusal>
    )
    let (actions, answers, value) = state.withLock { state in
      let actions = change(&state) + state.books.makeRoom(state.idleSince)
      let answers = actions.compactMap { action -> Answer? in
        let (waiter, result): (ModelBooks.Waiter, Result<Checkpoints, ModelRefusal>)
        switch action {
        case .admit(let admitted, let model):
          guard let checkpoints = state.loaded[model] else { preconditionFailure("a model that is ready is there") }
          (waiter, result) = (admitted, .success(checkpoints))
        case .refuse(let refused, let reason): (waiter, result) = (refused, .failure(reason))
        case .load, .unload: return nil
        }
        return state.waiting.removeValue(forKey: waiter).map { ($0, result) }
      }
      return (actions, answers, look(state))
    }
    for (continuation, result) in answers { continuation.resume(returning: result) }
    for action in actions {
      switch action {
      case .load(let model): beginLoading(model)
      case .unload(let model): beginUnloading(model)
      case .admit, .refuse: break
      }
    }
    return value
  }

  func change(_ change: (inout State) -> [ModelBooks.Action]) { self.change(change, then: { _ in }) }
}
