public import Engine
public import ModelFiles
public import Models
public import Scheduler

/// How the memory of a service is divided, fixed at start.
public struct MemoryPlan: Sendable {
  /// What the engine allocates.
  public let engine: EngineConfiguration
  /// What the scheduler hands out: the same pages and slots.
  public let scheduler: SchedulerConfiguration
  /// Tokens of one conversation.
  public let contextLength: Int
  /// The bytes the engine takes.
  public let need: MemoryNeed
  /// Bytes of the weights.
  public let weightBytes: Int
  /// Where the weights are.
  public let weights: WeightPlacement

  /// What a plan is made for: a machine as it is now.
  struct Machine {
    /// Of which all may be planned with, unless the configuration allows less.
    var availableBytes: Int
    var threadCount: Int
    var offersHugePages: Bool
  }

  /// Plans for a model on this machine.
  public init(
    for model: ModelPackage, _ configuration: ServingConfiguration
  ) throws(ServingError) {
    let machine = Machine(
      availableBytes: AvailableMemory.bytes(), threadCount: ProcessorTopology().threadCount,
      offersHugePages: HugePages.areOffered())
    if configuration.drafting.source == .mtp, !model.offersDraftHead {
      throw .invalidSetting(
        name: "draft", expected: "lookup or off for a model without a multi-token-prediction head", found: "mtp")
    }
    var cacheTypes = CacheTypes(for: model, keyValue: configuration.keyValueType, state: configuration.stateType)
    cacheTypes.retractableRows = max(
      cacheTypes.retractableRows, Self.rewoundTokens, configuration.drafting.most)
    var sizes = model.configuration
    sizes.hasDraftHead = configuration.drafting.source == .mtp
    try self.init(
      modelContextLength: sizes.contextLength, weightBytes: model.weights.fileByteCount, configuration, machine,
      cacheTypes: cacheTypes
    ) { [sizes] in Engine.memory(for: sizes, $0) }
  }

  /// Plans with all that is looked up given.
  ///
  /// The slots of running requests and the workspace come first. Checkpoints take the configured bytes, or an eighth of
  /// what the weights leave available, for no more than `mostCheckpoints`. Pages take the configured bytes, or what is
  /// left of half of what the weights leave, for no more than `keptContexts` whole contexts of all running requests: what
  /// exceeds one is for prompts that may come back. (Mapped weights are fast only as long as memory holds them, too; they
  /// are counted up to half of what is available.) Where not even one context of the model fits, the context is cut to the
  /// pages that do, unless its length was asked for.
  init(
    modelContextLength: Int, weightBytes: Int, _ configuration: ServingConfiguration, _ machine: Machine,
    cacheTypes: CacheTypes = CacheTypes(), need: (EngineConfiguration) -> MemoryNeed
  ) throws(ServingError) {
    guard configuration.contextLength <= modelContextLength else {
      throw .invalidSetting(
        name: "context-length", expected: "at most the model's \(modelContextLength)",
        found: "\(configuration.contextLength)")
    }
    let pageSize = EngineConfiguration.pageSize
    let running = configuration.maximumRunning
    let wantedContext = configuration.contextLength == 0 ? modelContextLength : configuration.contextLength
    let pagesPerContext = (wantedContext + pageSize - 1) / pageSize
    var engine = EngineConfiguration(
      pageCount: 1, slotCount: running, maximumStepTokens: max(configuration.stepTokens, running),
      threads: configuration.threads == 0 ? machine.threadCount : configuration.threads, cacheTypes: cacheTypes,
      compute: configuration.compute)

    let allowance = configuration.memory ?? MemoryAllowance(of: machine.availableBytes, sharedBy: [weightBytes])
    let unclaimed = allowance.unclaimed
    let slotBytes = need(engine).slots / running
    let checkpoints = Self.checkpoints(of: slotBytes, configuration.checkpointBytes, unclaimed: unclaimed)
    engine.slotCount += checkpoints
    let least = need(engine)
    let budget =
      configuration.keyValueBytes == 0
      ? unclaimed / 2 - least.slots - least.workspace : configuration.keyValueBytes
    let affordable = budget / max(1, least.pages)
    guard affordable >= 1 else {
      throw .tooLittleMemory(
        purpose: "the key-value cache, beside \(least.slots + least.workspace) bytes of state and workspace",
        needed: least.pages, available: max(0, budget))
    }
    if affordable < pagesPerContext, configuration.contextLength > 0 {
      throw .tooLittleMemory(
        purpose: "a context of \(wantedContext) tokens", needed: pagesPerContext * least.pages, available: budget)
    }
    let most = configuration.keyValueBytes == 0 ? pagesPerContext * running * Self.keptContexts : affordable
    engine.pageCount = min(affordable, most, Self.mostPages)
    self.engine = engine
    contextLength = min(wantedContext, engine.pageCount * pageSize)
    scheduler = SchedulerConfiguration(
      pageSize: pageSize, pageCount: engine.pageCount, slotCount: engine.slotCount,
      stepTokenBudget: engine.maximumStepTokens, maximumRunning: running, maximumQueued: configuration.maximumQueued,
      needsCheckpoints: slotBytes > 0, checkpointLimit: checkpoints,
      maximumPerTenant: configuration.queueing.maximumPerTenant ?? .max,
      maximumQueueSeconds: configuration.queueing.maximumQueueSeconds ?? .infinity,
      priorityAgingSeconds: configuration.queueing.priorityAgingSeconds,
      maximumGapSeconds: configuration.queueing.maximumGapSeconds ?? .infinity,
      rewindLimit: cacheTypes.retractableRows, rewindBoundary: EngineConfiguration.rewindBoundary)
    let need = need(engine)
    if let most = configuration.mostBytes, weightBytes + need.total > most {
      throw .tooLittleMemory(
        purpose: "the model, whose files were changed since the server started,", needed: weightBytes + need.total,
        available: most)
    }
    self.need = need
    self.weightBytes = weightBytes
    weights = try configuration.weights.placement(
      of: weightBytes, beside: need.total, threads: engine.threads,
      availableBytes: min(machine.availableBytes, allowance.limit),
      offersHugePages: machine.offersHugePages)
  }

  /// Whole contexts that pages are taken for where nobody says how many bytes: one for each running request, and as many
  /// for prompts that may come back.
  private static let keptContexts = 4
  private static let mostPages = 1 << 24
  /// Tokens that templates write behind the place where the next turn goes on, such as an empty thought.
  private static let rewoundTokens = 4
  /// Checkpoints that slots are taken for where nobody says how many bytes.
  private static let mostCheckpoints = 256
  private static let mostCheckpointsAtAll = 1 << 15

  private static func checkpoints(of slotBytes: Int, _ configured: Int?, unclaimed: Int) -> Int {
    guard slotBytes > 0 else { return 0 }
    guard let configured else { return min(unclaimed / 8 / slotBytes, mostCheckpoints) }
    return min(configured / slotBytes, mostCheckpointsAtAll)
  }

  /// Lines for the start-up log.
  public var summary: [String] {
    [
      "context=\(contextLength) tokens, running=\(scheduler.maximumRunning) requests, "
        + "queue=\(scheduler.maximumQueued) requests, step=\(engine.maximumStepTokens) tokens, "
        + "threads=\(engine.threads)",
      "memory: weights=\(mebibytes(weightBytes)) (\(weights == .mapped ? "mapped" : "in huge pages")), "
        + "kv=\(mebibytes(need.pages)) (\(engine.pageCount) pages of \(scheduler.pageSize) tokens, "
        + "\(engine.cacheTypes.keyValue)), state=\(mebibytes(need.slots)) (\(scheduler.maximumRunning) running, "
        + "\(engine.slotCount - scheduler.maximumRunning) checkpoints, \(engine.cacheTypes.state)), "
        + "scratch=\(mebibytes(need.workspace)), total=\(mebibytes(weightBytes + need.total))",
    ]
  }
}
