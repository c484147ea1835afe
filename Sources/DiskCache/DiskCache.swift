public import Host
import Synchronization

/// Keeps pages and states in files, so that they outlive the process that computed them.
///
/// One thread of its own reads and writes; nobody waits for it. What cannot be written is lost, what cannot be read, or
/// is damaged, is not there.
public final class DiskCache: Sendable {
  private let board: DiskCacheBoard

  /// Bytes that may wait to be written; one item may always.
  static let pendingLimit = 256 << 20

  /// Opens a folder and starts the thread.
  ///
  /// - Parameters:
  ///   - path: the folder, made if it is not there. Other processes may use it, too.
  ///   - fingerprint: of everything that results depend on; files with another one are left alone, until room is needed.
  ///   - limit: bytes of all files together at most.
  ///   - host: what the thread is of.
  ///   - report: hears, on the thread, of files that cannot be written or were damaged.
  public convenience init(
    path: String, fingerprint: Digest, limit: Int, host: any HostSystem = SystemHost(),
    report: @escaping @Sendable (String) -> Void
  ) throws(DiskCacheError) {
    try self.init(
      path: path, fingerprint: fingerprint, limit: limit, host: host, files: SystemFiles(), report: report)
  }

  package init(
    path: String, fingerprint: Digest, limit: Int, host: any HostSystem, files: any FileSystem,
    report: @escaping @Sendable (String) -> Void
  ) throws(DiskCacheError) {
    let folder = try CacheFolder(path: path, fingerprint: fingerprint, limit: limit, files: files)
    let board = DiskCacheBoard(host)
    board.found(folder)
    self.board = board
    var worker = DiskCacheWorker(folder: folder, board: board, report: report)
    host.start("apus.disk", wakeUp: board.wake) { worker.turn() }
  }

  deinit { close() }

  /// Writes what is pending, and stops the thread. Nothing is written or read any more.
  public func close() { board.close() }

  // MARK: - What is there

  /// Counts and sizes.
  public var statistics: DiskCacheStatistics { board.state.withLock { $0.statistics } }

  /// Whether an item has a file, or will have one soon.
  public func contains(_ item: CacheItem) -> Bool {
    board.state.withLock { $0.contains(item) || $0.writing.contains(item) }
  }

  /// How many of a prompt's first `limit` tokens a sequence can start behind, from files.
  ///
  /// - Parameters:
  ///   - chain: of the tokens.
  ///   - needsStates: whether it takes a state to start behind a whole page.
  public func longestPrefix(of tokens: [Int32], limit: Int, chain: PageChain, needsStates: Bool) -> Int {
    board.state.withLock { state in
      let known = chain.digests.dropFirst().prefix { state.pages.contains($0) }.count
      for whole in stride(from: known, through: 0, by: -1) {
        let start = whole * chain.pageSize
        guard start <= limit else { continue }
        let rest = tokens[start..<limit]
        let tail = (state.tails[chain.digests[whole]] ?? []).filter { rest.starts(with: $0) }.map(\.count).max()
        if let tail { return start + tail }
        if !needsStates { return start }
      }
      return 0
    }
  }

  // MARK: - Jobs

  /// Whether so many bytes may be given to be written now.
  public func hasRoom(for byteCount: Int) -> Bool {
    board.state.withLock { $0.pendingBytes == 0 || $0.pendingBytes + byteCount <= Self.pendingLimit }
  }

  /// Calls `body`, on the cache's thread, whenever a file was written, or could not be: there may be room again.
  public func onWrite(_ body: @escaping @Sendable () -> Void) { board.state.withLock { $0.onWrite = body } }

  /// Writes an item's file some time soon.
  public func write(_ item: CacheItem, payload: [UInt8]) { board.write(item, payload) }

  /// Reads items, before anything more is written.
  ///
  /// - Parameters:
  ///   - items: with the bytes that each has.
  ///   - deliver: gets their payloads, in order, on the cache's thread: up to the first that is not there.
  public func read(_ items: [(item: CacheItem, byteCount: Int)], deliver: @escaping @Sendable ([[UInt8]]) -> Void) {
    if !board.read(DiskCacheRead(items: items, deliver: deliver)) { deliver([]) }
  }
}

/// What a disk cache holds and has done.
public struct DiskCacheStatistics: Sendable, Hashable {
  /// Bytes of all files.
  public var byteCount = 0
  /// Files written.
  public var written = 0
  /// Files that could not be written.
  public var failed = 0
  /// Files read.
  public var read = 0
  /// Files that were damaged or gone when they were to be read.
  public var unreadable = 0
}
