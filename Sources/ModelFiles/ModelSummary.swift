internal import Tensor

/// What a model is, in numbers a person asks for: computed from its configuration and its files' headers.
public struct ModelSummary: Sendable, Hashable {
  /// Weights of one data type.
  public struct Share: Sendable, Hashable {
    /// The data type by the file format's name.
    public let dataType: String
    /// Tensors of this type.
    public let tensorCount: Int
    /// Elements in them.
    public let elementCount: Int
    /// Bytes they take.
    public let byteCount: Int
  }

  /// The folder or file.
  public let path: String
  /// The configuration everything else follows from.
  public let configuration: ModelConfiguration
  /// Weights by the configuration.
  public let parameters: ParameterCount
  /// Weights in the files by data type, the most bytes first, without the ignored ones.
  public let shares: [Share]
  /// Tensors that play no part: those of a multi-token-prediction head.
  public let ignored: Share?
  /// Number of weight files.
  public let fileCount: Int
  /// Bytes of the weight files.
  public let fileByteCount: Int
  /// Tokens a page of the KV cache holds.
  public let pageTokens: Int
  /// Bytes a page takes.
  public let pageByteCount: Int
  /// Bytes a sequence's recurrent state takes.
  public let slotByteCount: Int
  /// Whether there is a tokenizer.
  public let hasTokenizer: Bool
  /// Whether there is a chat template.
  public let hasChatTemplate: Bool

  /// Sums up `package`. A page of the KV cache holds `pageTokens` tokens.
  ///
  /// `pageByteCount` and `slotByteCount` are what an engine allocates for a page and for a slot; where they are not
  /// given, they are the least that F32 caches need.
  public init(of package: ModelPackage, pageTokens: Int = 64, pageByteCount: Int? = nil, slotByteCount: Int? = nil) {
    let configuration = package.configuration
    path = package.path
    self.configuration = configuration
    parameters = ParameterCount(of: configuration)
    let entries = package.weights.entries
    let ignoredEntries = entries.filter { package.weights.isIgnored($0.name) }
    let used = entries.filter { !package.weights.isIgnored($0.name) }
    shares = Dictionary(grouping: used, by: \.dataType).map(Share.init)
      .sorted { ($1.byteCount, $0.dataType) < ($0.byteCount, $1.dataType) }
    ignored = ignoredEntries.isEmpty ? nil : Share(dataType: "mixed", entries: ignoredEntries)
    fileCount = package.weights.fileCount
    fileByteCount = package.weights.fileByteCount
    self.pageTokens = pageTokens
    self.pageByteCount = pageByteCount ?? configuration.keyValuePageByteCount(tokens: pageTokens, type: .f32)
    self.slotByteCount = slotByteCount ?? configuration.stateSlotByteCount(type: .f32)
    hasTokenizer = package.hasTokenizer
    hasChatTemplate = package.chatTemplate != nil
  }

  /// Bytes the used weights take in memory once all have been touched.
  public var weightByteCount: Int { shares.reduce(0) { $0 + $1.byteCount } }

  /// Bytes one sequence as long as the context takes, beside the weights.
  public var fullContextByteCount: Int {
    slotByteCount + (configuration.contextLength + pageTokens - 1) / pageTokens * pageByteCount
  }

  /// How many layers mix tokens by `kind`.
  public func layerCount(_ kind: LayerKind) -> Int { configuration.layerKinds.count { $0 == kind } }

  /// How many layers have a feed-forward part of `kind`.
  public func layerCount(_ kind: FeedForwardKind) -> Int { configuration.feedForwardKinds.count { $0 == kind } }
}

extension ModelSummary.Share {
  init(dataType: String, entries: [TensorEntry]) {
    self.dataType = dataType
    tensorCount = entries.count
    elementCount = entries.reduce(0) { $0 + $1.elementCount }
    byteCount = entries.reduce(0) { $0 + $1.range.count }
  }
}
