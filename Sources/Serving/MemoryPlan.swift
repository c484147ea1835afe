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
    try self.init(
      modelContextLength: model.configuration.contextLength, weightBytes: model.weights.fileByteCount, configuration,
      machine, cacheTypes: CacheTypes(for: model, keyValue: configuration.keyValueType, state: configuration.stateType)
    ) { Engine.memory(for: model.configuration, $0) }
  }

  /// Plans with all that is looked up given.
  ///
  /// Slots and workspace come first. Of the rest, pages take what whole contexts of all running requests need, but no
  /// more than the budget: the configured bytes, or half of what the weights leave available. (Mapped weights are fast
  /// only as long as memory holds them, too; they are counted up to half of what is available.) Where
  /// not even one context of the model fits, the context is cut to the pages that do, unless its length was asked for.
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

    let least = need(engine)
    let unclaimed = max(machine.availableBytes - weightBytes, machine.availableBytes / 2)
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
    engine.pageCount = min(affordable, pagesPerContext * running)
    self.engine = engine
    contextLength = min(wantedContext, engine.pageCount * pageSize)
    scheduler = SchedulerConfiguration(
      pageSize: pageSize, pageCount: engine.pageCount, slotCount: running, stepTokenBudget: engine.maximumStepTokens,
      maximumRunning: running, maximumQueued: configuration.maximumQueued)
    let need = need(engine)
    self.need = need
    self.weightBytes = weightBytes
    weights = try configuration.weights.placement(
      of: weightBytes, beside: need.total, threads: engine.threads, availableBytes: machine.availableBytes,
      offersHugePages: machine.offersHugePages)
  }

  /// Lines for the start-up log.
  public var summary: [String] {
    [
      "context=\(contextLength) tokens, running=\(scheduler.maximumRunning) requests, "
        + "queue=\(scheduler.maximumQueued) requests, step=\(engine.maximumStepTokens) tokens, "
        + "threads=\(engine.threads)",
      "memory: weights=\(Self.mebibytes(weightBytes)) (\(weights == .mapped ? "mapped" : "in huge pages")), "
        + "kv=\(Self.mebibytes(need.pages)) (\(engine.pageCount) pages of \(scheduler.pageSize) tokens, "
        + "\(engine.cacheTypes.keyValue)), state=\(Self.mebibytes(need.slots)) (\(engine.slotCount) slots, "
        + "\(engine.cacheTypes.state)), "
        + "scratch=\(Self.mebibytes(need.workspace)), total=\(Self.mebibytes(weightBytes + need.total))",
    ]
  }

  private static func mebibytes(_ bytes: Int) -> String {
    let tenths = (bytes * 10 + (1 << 19)) >> 20
    return "\(tenths / 10).\(tenths % 10) MiB"
  }
}
