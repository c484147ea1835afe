/// What is kept of requests for later ones, and who may reuse it.
public struct CacheConfiguration: Sendable, Equatable {
  /// Who may reuse what was computed for whom.
  public var sharing: CacheSharing
  /// How earlier replies in a conversation become tokens.
  public var history: HistoryTokens
  /// Bytes that remembering replies' tokens takes at most, about.
  public var historyByteCount: Int
  /// The folder in which pages and states are kept, too; nil for none.
  public var folder: String?
  /// Bytes of that folder at most.
  public var folderByteCount: Int

  /// A configuration; by default nothing outlives the process.
  public init(
    sharing: CacheSharing = .tenant, history: HistoryTokens = .faithful, historyByteCount: Int = 32 << 20,
    folder: String? = nil, folderByteCount: Int = 16 << 30
  ) {
    self.sharing = sharing
    self.history = history
    self.historyByteCount = historyByteCount
    self.folder = folder
    self.folderByteCount = folderByteCount
  }
}
