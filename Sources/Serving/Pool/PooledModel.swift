import Engine
public import Metrics

/// A model of a server, whether it is loaded or not.
public struct PooledModel: Sendable {
  /// Loads it, and says what it does meanwhile. With `yields`, others use the machine, and go first.
  public typealias Loader =
    @Sendable (_ yields: Bool, _ progress: @escaping @Sendable (LoadedModel.Stage) -> Void) throws -> Checkpoints

  /// The names under which clients may ask for it, its real one first; never empty.
  public let names: [String]
  /// What is known of it before it is loaded.
  public let outline: ModelOutline
  /// How it is kept.
  public let residence: ModelResidence
  /// Its checkpoints.
  public let parts: [Part]
  /// What is measured of its loading.
  public let metrics = ModelMetrics()
  /// Nil where it is there from the beginning, and stays.
  let loader: Loader?

  /// One of its checkpoints.
  public struct Part: Sendable {
    /// What tells it from the others behind the model's name.
    public let suffix: String
    /// What is known of it through all its lives.
    public let record: ServiceRecord

    /// A checkpoint.
    public init(suffix: String, record: ServiceRecord) {
      self.suffix = suffix
      self.record = record
    }
  }

  /// A model that comes and goes.
  public init(
    names: [String], outline: ModelOutline, residence: ModelResidence, parts: [Part], loader: @escaping Loader
  ) {
    precondition(!names.isEmpty, "a model has a name")
    self.names = names
    self.outline = outline
    self.residence = residence
    self.parts = parts
    self.loader = loader
  }

  /// A model that is there.
  init(names: [String], _ checkpoints: Checkpoints) {
    precondition(!names.isEmpty, "a model has a name")
    self.names = names
    outline = ModelOutline(
      modes: checkpoints.modes, contextLength: checkpoints.contextLength, memory: ModelMemory())
    residence = ModelResidence()
    parts = checkpoints.all.map { Part(suffix: $0.suffix, record: $0.service.record) }
    loader = nil
  }
}

/// What is known of a model before it is loaded.
public struct ModelOutline: Sendable, Equatable {
  /// The modes on offer.
  public let modes: ModelModes
  /// Tokens of one conversation.
  public let contextLength: Int
  /// What it takes.
  public let memory: ModelMemory

  /// An outline.
  public init(modes: ModelModes, contextLength: Int, memory: ModelMemory) {
    self.modes = modes
    self.contextLength = contextLength
    self.memory = memory
  }
}

/// The bytes a model takes, by purpose.
public struct ModelMemory: Sendable, Equatable {
  /// The weights: mapped or copied, as many bytes as their files have.
  public var weights: Int
  /// The KV cache.
  public var keyValues: Int
  /// The states of linear attention.
  public var states: Int
  /// Intermediate results.
  public var scratch: Int

  /// All of it.
  public var total: Int { weights + keyValues + states + scratch }

  /// Bytes; none by default.
  public init(weights: Int = 0, keyValues: Int = 0, states: Int = 0, scratch: Int = 0) {
    self.weights = weights
    self.keyValues = keyValues
    self.states = states
    self.scratch = scratch
  }

  /// Adds what a checkpoint takes.
  mutating func add(_ plan: MemoryPlan) {
    weights += plan.weightBytes
    keyValues += plan.need.pages
    states += plan.need.slots
    scratch += plan.need.workspace
  }
}

/// How a model is kept in memory, and how long requests wait for it.
public struct ModelResidence: Sendable, Equatable {
  /// Whether it is loaded when the server starts; else when it is first asked for.
  public var loadsAtStart = true
  /// How long it stays without anything to do; nil keeps it until others need its memory.
  public var idleLimit: Duration?
  /// Requests that may wait until it is loaded.
  public var mostWaiters = Int.max
  /// How long they do; nil is as long as it takes.
  public var longestWait: Duration?
  /// How long they do where there is no other limit, and other models that are in use leave no room for it.
  public var longestWaitForRoom = Duration.seconds(30)

  /// Loaded at the start, and kept.
  public init() {}
}

/// What is measured of a model's loading.
public struct ModelMetrics: Sendable {
  /// Times it was loaded.
  public let loads = Counter()
  /// Times it could not be.
  public let failures = Counter()
  /// Times it was unloaded.
  public let unloads = Counter()
  /// Times its files were changed under it.
  public let losses = Counter()
  /// Requests that did not get it.
  public let refused = Dictionary(uniqueKeysWithValues: ModelRefusal.Kind.allCases.map { ($0, Counter()) })
  /// Seconds that loading took.
  public let loadTime = Histogram(bounds: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000])
}
