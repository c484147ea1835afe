public import Models

/// What an engine allocates at start; it never grows.
public struct EngineConfiguration: Sendable, Hashable {
  /// Tokens a page of the key-value cache holds.
  public static let pageSize = 64
  /// A state cannot be taken back by tokens on both sides of a multiple of this.
  public static let rewindBoundary = DeltaStateLayout.chunkSize

  /// Pages of the key-value cache, shared by all sequences; each page exists once per full-attention layer.
  public var pageCount: Int
  /// Sequences that may be alive at once; each slot holds the linear-attention layers' state.
  public var slotCount: Int
  /// Tokens a step may process, all inputs together.
  public var maximumStepTokens: Int
  /// Threads that compute, the caller's included.
  public var threads: Int
  /// How keys, values and states are stored.
  public var cacheTypes: CacheTypes
  /// What BF16 weights are multiplied with.
  public var compute: BF16Compute

  /// A configuration.
  public init(
    pageCount: Int, slotCount: Int, maximumStepTokens: Int, threads: Int, cacheTypes: CacheTypes = CacheTypes(),
    compute: BF16Compute = .f32
  ) {
    self.pageCount = pageCount
    self.slotCount = slotCount
    self.maximumStepTokens = maximumStepTokens
    self.threads = threads
    self.cacheTypes = cacheTypes
    self.compute = compute
  }

  func validate() throws(EngineError) {
    let settings = [
      ("pageCount", pageCount, 1...1 << 24), ("slotCount", slotCount, 1...1 << 16),
      ("maximumStepTokens", maximumStepTokens, 1...1 << 16), ("threads", threads, 1...1 << 10),
    ]
    for (name, value, range) in settings where !range.contains(value) {
      throw .invalidConfiguration(setting: name, expected: "\(range.lowerBound) to \(range.upperBound)", found: value)
    }
  }
}

/// The bytes an engine needs, by purpose.
public struct MemoryNeed: Sendable, Hashable {
  /// The key-value pages of all full-attention layers.
  public var pages: Int
  /// The state slots of all linear-attention layers.
  public var slots: Int
  /// Intermediate results of a step.
  public var workspace: Int

  /// All of it.
  public var total: Int { pages + slots + workspace }

  /// A need.
  public init(pages: Int, slots: Int, workspace: Int) {
    self.pages = pages
    self.slots = slots
    self.workspace = workspace
  }
}
