public import Kernels
public import Models

/// How much work a service takes on, and the memory it may use.
public struct ServingConfiguration: Sendable, Equatable {
  /// Tokens of one conversation, prompt and reply together; 0 means as many as the model allows and memory holds.
  public var contextLength: Int
  /// Requests that advance together. Each holds a slot of linear-attention state.
  public var maximumRunning: Int
  /// Requests that may wait for their turn.
  public var maximumQueued: Int
  /// Who waits how long, and for whom.
  public var queueing: QueueingConfiguration
  /// Tokens of one engine step, prompts and replies together; at least one for each running request is used.
  public var stepTokens: Int
  /// Bytes of the key-value cache; 0 means four times what all running requests need for whole contexts, within half of
  /// what the weights leave of the memory.
  public var keyValueBytes: Int
  /// Bytes of the states kept for prompts that may come back; nil means an eighth of what the weights leave of the
  /// memory, for at most 256 of them.
  public var checkpointBytes: Int?
  /// What of the memory it may plan with; nil is all that is available when it is loaded.
  public var memory: MemoryAllowance?
  /// Bytes that the model takes altogether, at most; nil is any number.
  public var mostBytes: Int?
  /// Threads that compute; 0 means one a core.
  public var threads: Int
  /// What the kernels use. Where the processor lacks it, the portable ones run.
  public var instructionSet: InstructionSet
  /// How keys and values are stored; nil means F16 for quantised models and F32 for others.
  public var keyValueType: CacheElement?
  /// How recurrent states are stored.
  public var stateType: StateElement
  /// What BF16 weights are multiplied with.
  public var compute: BF16Compute
  /// Where the weights are.
  public var weights: WeightSetting
  /// What is kept of requests for later ones.
  public var caching: CacheConfiguration
  /// Whether tokens are guessed.
  public var drafting: DraftingConfiguration

  /// A configuration; the defaults fit a small machine.
  public init(
    contextLength: Int = 0, maximumRunning: Int = 8, maximumQueued: Int = 256, stepTokens: Int = 512,
    keyValueBytes: Int = 0, checkpointBytes: Int? = nil, memory: MemoryAllowance? = nil, threads: Int = 0,
    weights: WeightSetting = .automatic,
    instructionSet: InstructionSet = .best, keyValueType: CacheElement? = nil, stateType: StateElement = .f32,
    compute: BF16Compute = .f32, caching: CacheConfiguration = CacheConfiguration(),
    queueing: QueueingConfiguration = QueueingConfiguration(), drafting: DraftingConfiguration = .off
  ) {
    self.contextLength = contextLength
    self.maximumRunning = maximumRunning
    self.maximumQueued = maximumQueued
    self.stepTokens = stepTokens
    self.keyValueBytes = keyValueBytes
    self.checkpointBytes = checkpointBytes
    self.memory = memory
    self.threads = threads
    self.instructionSet = instructionSet
    self.keyValueType = keyValueType
    self.stateType = stateType
    self.compute = compute
    self.weights = weights
    self.caching = caching
    self.queueing = queueing
    self.drafting = drafting
  }
}

/// What a model may plan with beside others.
public struct MemoryAllowance: Sendable, Equatable {
  /// Bytes that it may take altogether.
  public var limit: Int
  /// Bytes of which caches without a size of their own take their parts.
  public var unclaimed: Int

  /// The allowance of each of some models: equal parts of what all their weights leave, or of half of the memory if they
  /// leave less. (Mapped weights need no memory of their own.)
  ///
  /// - Parameters:
  ///   - memory: bytes that all may take together.
  ///   - weights: bytes of each one's weights.
  public init(of memory: Int, sharedBy weights: [Int]) {
    limit = memory
    unclaimed = max(memory - weights.reduce(0, +), memory / 2) / max(1, weights.count)
  }
}

/// Who waits how long, and for whom.
public struct QueueingConfiguration: Sendable, Equatable {
  /// Requests of one tenant that wait and run, at most; nil is no limit.
  public var maximumPerTenant: Int?
  /// Seconds that a request waits at most before it is refused; nil is no limit.
  public var maximumQueueSeconds: Double?
  /// Seconds between two tokens of a stream that prompts beside it are not to exceed; nil is no limit.
  public var maximumGapSeconds: Double?
  /// Seconds that a request of a priority one higher is served as if it had come earlier; 0 takes no notice of
  /// priorities.
  public var priorityAgingSeconds: Double

  /// A configuration; by default nothing is bounded.
  public init(
    maximumPerTenant: Int? = nil, maximumQueueSeconds: Double? = nil, maximumGapSeconds: Double? = nil,
    priorityAgingSeconds: Double = 30
  ) {
    self.maximumPerTenant = maximumPerTenant
    self.maximumQueueSeconds = maximumQueueSeconds
    self.maximumGapSeconds = maximumGapSeconds
    self.priorityAgingSeconds = priorityAgingSeconds
  }
}
