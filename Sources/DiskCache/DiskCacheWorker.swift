import Host
import Synchronization

/// Items to read.
struct DiskCacheRead: Sendable {
  let items: [(item: CacheItem, byteCount: Int)]
  let deliver: @Sendable ([[UInt8]]) -> Void
}

/// What a disk cache's users and its thread share.
final class DiskCacheBoard: Sendable {
  struct State {
    var pages: Set<Digest> = []
    /// Tails of the states behind each digest.
    var tails: [Digest: Set<[Int32]>] = [:]
    var reads: [DiskCacheRead] = []
    var writes: [(item: CacheItem, payload: [UInt8])] = []
    /// Items of `writes`, and the one being written.
    var writing: Set<CacheItem> = []
    var pendingBytes = 0
    var isClosed = false
    var statistics = DiskCacheStatistics()
    var onWrite: @Sendable () -> Void = {}

    func contains(_ item: CacheItem) -> Bool {
      switch item {
      case .page(let digest): pages.contains(digest)
      case .state(let digest, let tail): tails[digest]?.contains(tail) ?? false
      }
    }

    mutating func insert(_ item: CacheItem) {
      switch item {
      case .page(let digest): pages.insert(digest)
      case .state(let digest, let tail): tails[digest, default: []].insert(tail)
      }
    }

    mutating func remove(_ item: CacheItem) {
      switch item {
      case .page(let digest): pages.remove(digest)
      case .state(let digest, let tail):
        tails[digest]?.remove(tail)
        if tails[digest]?.isEmpty ?? false { tails[digest] = nil }
      }
    }
  }

  let state = Mutex(State())
  let wake: any WakeUp
  private let ended: any WakeUp

  init(_ host: any HostSystem) {
    wake = host.makeWakeUp()
    ended = host.makeWakeUp()
  }

  func found(_ folder: CacheFolder) {
    state.withLock { state in
      for item in folder.items { state.insert(item) }
      state.statistics.byteCount = folder.byteCount
    }
  }

  func write(_ item: CacheItem, _ payload: [UInt8]) {
    let isNew = state.withLock { state in
      guard !state.isClosed, !state.contains(item), state.writing.insert(item).inserted else { return false }
      state.writes.append((item, payload))
      state.pendingBytes += payload.count
      return true
    }
    if isNew { wake.signal() }
  }

  /// - Returns: whether the thread will see to it.
  func read(_ read: DiskCacheRead) -> Bool {
    let isOpen = state.withLock { state in
      if !state.isClosed { state.reads.append(read) }
      return !state.isClosed
    }
    if isOpen { wake.signal() }
    return isOpen
  }

  func close() {
    let wasOpen = state.withLock { state in
      defer { state.isClosed = true }
      return !state.isClosed
    }
    guard wasOpen else { return }
    wake.signal()
    ended.wait()
  }

  /// The thread is about to end.
  func end() { ended.signal() }
}

/// The thread of a disk cache: reads first, then writes.
struct DiskCacheWorker {
  private enum Job {
    case read(DiskCacheRead)
    case write(CacheItem, [UInt8])
    case end
  }

  private var folder: CacheFolder
  private let board: DiskCacheBoard
  private let report: @Sendable (String) -> Void
  /// Writes that have failed since one did not.
  private var failureCount = 0

  init(folder: CacheFolder, board: DiskCacheBoard, report: @escaping @Sendable (String) -> Void) {
    self.folder = folder
    self.board = board
    self.report = report
  }

  /// Does a job. It ends when the cache is closed and nothing is left to do.
  mutating func turn() -> Turn {
    switch nextJob() {
    case nil: return .sleep
    case .read(let read): self.read(read)
    case .write(let item, let payload): write(item, payload)
    case .end:
      board.end()
      return .end
    }
    return .again
  }

  private func nextJob() -> Job? {
    board.state.withLock { state in
      if !state.reads.isEmpty { return .read(state.reads.removeFirst()) }
      if !state.writes.isEmpty {
        let write = state.writes.removeFirst()
        return .write(write.item, write.payload)
      }
      return state.isClosed ? .end : nil
    }
  }

  private mutating func read(_ read: DiskCacheRead) {
    var payloads: [[UInt8]] = []
    do throws(CacheFileError) {
      for (item, byteCount) in read.items {
        payloads.append(try folder.read(item, payloadByteCount: byteCount))
      }
      settle { $0.statistics.read += payloads.count }
    } catch {
      if !error.isAbsence { report("cache file \(read.items[payloads.count].item.fileName) is not used: \(error)") }
      settle { state in
        state.statistics.read += payloads.count
        state.statistics.unreadable += 1
        state.remove(read.items[payloads.count].item)
      }
    }
    read.deliver(payloads)
  }

  private mutating func write(_ item: CacheItem, _ payload: [UInt8]) {
    var isWritten = false
    do throws(DiskCacheError) {
      isWritten = try folder.write(item, payload: payload)
      if failureCount > 0 { report("cache files are written again; \(failureCount) were not") }
      failureCount = 0
    } catch {
      // A disk that is full stays so for a while: a line for each file would be no news.
      if failureCount == 0 { report("\(error); more that cannot be are counted") }
      failureCount += 1
      settle { $0.statistics.failed += 1 }
    }
    settle { state in
      state.pendingBytes -= payload.count
      state.writing.remove(item)
      guard isWritten else { return }
      state.statistics.written += 1
      state.insert(item)
    }
    board.state.withLock { $0.onWrite }()
  }

  /// Tells what a job has changed.
  private mutating func settle(_ change: (inout DiskCacheBoard.State) -> Void) {
    let removed = folder.removed
    folder.removed = []
    board.state.withLock { state in
      for item in removed { state.remove(item) }
      change(&state)
      state.statistics.byteCount = folder.byteCount
    }
  }
}
