import CLinux
import Engine
import Host
import Logging
import Metrics
import Synchronization

/// The work of loading and unloading.
extension ModelPool {
  /// Loads a model on a thread of its own.
  func beginLoading(_ model: Int) {
    guard let loader = models[model].loader else { return }
    let name = models[model].names[0]
    let start = host.now
    let yields = !loaded.isEmpty
    host.start("apus.load", wakeUp: host.makeWakeUp()) { [self] in
      let result = Result {
        try loader(yields) { [logger] stage in logger.info("loading \(stage.rawValue) model=\(name)") }
      }
      ended(loading: model, result, seconds: (host.now - start) / .seconds(1))
      return .end
    }
  }

  private func ended(loading model: Int, _ result: Result<Checkpoints, any Error>, seconds: Double) {
    let (name, metrics) = (models[model].names[0], models[model].metrics)
    let now = host.now
    switch result {
    case .success(let checkpoints):
      metrics.loads.add()
      metrics.loadTime.observe(seconds)
      logger.info("loaded model=\(name) seconds=\((seconds * 1000).rounded() / 1000)")
      for (service, _) in checkpoints.all { service.whenIdle { [weak self] in self?.makeRoom() } }
      let life = change { state in
        state.loaded[model] = checkpoints
        state.lives[model] += 1
        return state.books.loaded(model, at: now)
      } then: {
        $0.lives[model]
      }
      Task { [weak self] in
        if let failure = await checkpoints.failure() { self?.lost(model, life: life, failure) }
      }
      if let limit = models[model].residence.idleLimit { watch(model, life: life, limit) }
    case .failure(let error):
      metrics.failures.add()
      logger.error("not loaded model=\(name): \(error)")
      let file = (error as? ServingError)?.fileName
      change { $0.books.failed(model, "\(error)", file: file, at: now) }
    }
  }

  /// A model's files were changed. It is let go of, and loaded from what they are then when it is asked for again; where it
  /// is the only one, nothing is left to be served.
  private func lost(_ model: Int, life: Int, _ error: EngineError) {
    guard models.count > 1 else {
      failing.yield(error)
      return
    }
    models[model].metrics.losses.add()
    logger.error("lost model=\(models[model].names[0]): \(error)")
    change { state in state.lives[model] == life ? state.books.lost(model) : [] }
  }

  /// Lets go of a model, beside everything else.
  func beginUnloading(_ model: Int) {
    let name = models[model].names[0]
    logger.info("unloading model=\(name)")
    let departure = Task { [self] in
      await letGo(of: model)
      // What the allocator keeps of vocabularies and templates goes back to the system, too.
      malloc_trim(0)
      models[model].metrics.unloads.add()
      logger.info("unloaded model=\(name)")
      change { state in
        state.departures[model] = nil
        return state.books.unloaded(model)
      }
    }
    // It may be over already.
    state.withLock { state in
      if state.books.isLeaving(model) { state.departures[model] = departure }
    }
  }

  /// Returns when a model's memory is given back; it has nothing to do.
  private func letGo(of model: Int) async {
    await checkpoints(of: model)?.drain(grace: Self.savingTime)
    _ = state.withLock { state in
      defer { state.loaded[model] = nil }
      return state.loaded[model]
    }
  }

  // MARK: - Idle models

  /// Unloads a model once it has had nothing to do for so long.
  private func watch(_ model: Int, life: Int, _ limit: Duration) {
    Task { [weak self, host] in
      var next = host.now + limit
      while true {
        try? await host.sleep(until: next)
        guard let again = self?.unloadIfIdle(model, life: life, limit) else { return }
        next = again
      }
    }
  }

  /// - Returns: when to look again; nil if that life of the model is over.
  private func unloadIfIdle(_ model: Int, life: Int, _ limit: Duration) -> ContinuousClock.Instant? {
    let now = host.now
    var next: ContinuousClock.Instant?
    change { state in
      guard state.lives[model] == life, state.books.state(of: model) == .loaded else { return [] }
      guard let since = state.books.idleSince(model, state.idleSince) else {
        next = now + limit
        return []
      }
      guard since + limit <= now else {
        next = since + limit
        return []
      }
      return state.books.unload(model, idleSince: state.idleSince)
    }
    return next
  }
}
