import DiskCache
import Engine
import Scheduler

/// Moves pages and states between the engine's memory and files: a piece between two steps, so that none waits long.
///
/// What a reply leaves is saved when it ends. A prompt of which more is in files than in memory is restored before it is
/// submitted.
final class DiskTier {
  private struct Save {
    let tokens: [Int32]
    let namespace: CacheNamespace
    let chain: PageChain
    /// Items that need no more attention: a file that cannot be written is not tried again.
    var done: Set<CacheItem> = []
  }

  private struct Restore {
    let submission: Submission
    let chain: PageChain
    /// Tokens that are restored.
    let count: Int
    /// The items that are to be read, from the first that is not in memory on.
    let items: [(item: CacheItem, byteCount: Int)]
    var next = 0
  }

  private let disk: DiskCache
  private let engine: any ForwardEngine
  private let pageSize: Int
  private let needsStates: Bool
  private let mailbox: Mailbox<StepLoopMessage>
  private var saves: [Save] = []
  private var restores: [RequestID: Restore] = [:]

  /// Bytes that are copied between two steps, about.
  private static let bytesPerStep = 32 << 20
  /// Replies that wait to be saved, at most: the oldest are given up.
  private static let mostSaves = 64
  /// Fewer tokens are computed sooner than read.
  private static let leastGain = 64

  init(
    _ disk: DiskCache, engine: any ForwardEngine, _ configuration: SchedulerConfiguration,
    mailbox: Mailbox<StepLoopMessage>
  ) {
    self.disk = disk
    self.engine = engine
    pageSize = configuration.pageSize
    needsStates = configuration.needsCheckpoints
    self.mailbox = mailbox
    disk.onWrite { [mailbox] in mailbox.post(.fileWritten) }
  }

  private func stateByteCount(after count: Int) -> Int {
    engine.slotByteCount + (count % pageSize == 0 ? 0 : engine.pageByteCount)
  }

  // MARK: - Saving

  /// Whether there is something to save.
  var hasSaves: Bool { !saves.isEmpty }

  /// Whether there is something to save, and room for it.
  var canSave: Bool {
    !saves.isEmpty && disk.hasRoom(for: max(engine.pageByteCount, engine.slotByteCount + engine.pageByteCount))
  }

  /// Saves what is cached of a sequence, some time soon.
  func save(_ tokens: [Int32], _ cache: PromptCache) {
    saves.append(
      Save(
        tokens: tokens, namespace: CacheNamespace(cache.namespace),
        chain: PageChain(tokens, pageSize: pageSize, namespace: cache.namespace)))
    saves.removeFirst(max(0, saves.count - Self.mostSaves))
  }

  /// Saves nothing of what was to be saved.
  func forgetSaves() { saves = [] }

  /// Copies some of what is to be saved.
  func advance(_ scheduler: Scheduler) throws(EngineError) {
    var budget = Self.bytesPerStep
    while !saves.isEmpty {
      let kept = scheduler.kept(saves[0].tokens, in: saves[0].namespace)
      for state in kept.states {
        let whole = state.position / pageSize
        for number in 0..<whole {
          guard
            try save(
              saves[0].chain.page(number), engine.pageByteCount, &budget,
              { bytes throws(EngineError) in
                try engine.readPage(kept.pages[number], into: bytes)
              })
          else { return }
        }
        guard needsStates || state.tail != nil else { continue }
        let item = saves[0].chain.state(after: state.position, of: saves[0].tokens)
        guard
          try save(
            item, stateByteCount(after: state.position), &budget,
            { bytes throws(EngineError) in
              let slotByteCount = engine.slotByteCount
              if let slot = state.slot {
                _ = try engine.readSlot(slot, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<slotByteCount]))
              }
              if let tail = state.tail {
                try engine.readPage(tail, into: UnsafeMutableRawBufferPointer(rebasing: bytes[slotByteCount...]))
              }
            })
        else { return }
      }
      saves.removeFirst()
    }
  }

  /// Hands an item over to be written.
  /// - Returns: false if there is no room now.
  private func save(
    _ item: CacheItem, _ byteCount: Int, _ budget: inout Int,
    _ read: (UnsafeMutableRawBufferPointer) throws(EngineError) -> Void
  ) throws(EngineError) -> Bool {
    guard !saves[0].done.contains(item) else { return true }
    if !disk.contains(item) {
      guard budget > 0, disk.hasRoom(for: byteCount) else { return false }
      var payload = [UInt8](repeating: 0, count: byteCount)
      try payload.withUnsafeMutableBufferPointer { bytes throws(EngineError) in
        try read(UnsafeMutableRawBufferPointer(bytes))
      }
      disk.write(item, payload: payload)
      budget -= byteCount
    }
    saves[0].done.insert(item)
    return true
  }

  /// Returns when all that was to be saved is written.
  func close() { disk.close() }

  // MARK: - Restoring

  /// Begins to restore a submission's prompt, if files hold more of it than memory.
  /// - Returns: whether it did; then the submission is handed back by `restored` when it can be submitted.
  func restore(_ submission: Submission, _ scheduler: inout Scheduler) -> Bool {
    guard let cache = submission.cache else { return false }
    let prompt = cache.scheduled(submission.prompt)
    let chain = PageChain(prompt.tokens, pageSize: pageSize, namespace: cache.namespace)
    let count = disk.longestPrefix(
      of: prompt.tokens, limit: prompt.tokens.count - 1, chain: chain, needsStates: needsStates)
    guard count >= scheduler.reusableTokens(of: prompt) + Self.leastGain,
      let present = scheduler.beginRestoring(submission.choices[0].id, prompt, count: count)
    else { return false }
    var items = (present..<max(present, count / pageSize)).map { (chain.page($0), engine.pageByteCount) }
    if needsStates || count % pageSize > 0 {
      items.append((chain.state(after: count, of: prompt.tokens), stateByteCount(after: count)))
    }
    restores[submission.choices[0].id] = Restore(submission: submission, chain: chain, count: count, items: items)
    readNext(for: submission.choices[0].id)
    return true
  }

  private func readNext(for id: RequestID) {
    guard let restore = restores[id] else { return }
    var byteCount = 0
    let batch = restore.items[restore.next...].prefix { item in
      defer { byteCount += item.byteCount }
      return byteCount < Self.bytesPerStep
    }
    disk.read(Array(batch)) { [mailbox] payloads in mailbox.post(.fileContents(id, payloads)) }
  }

  /// Puts what was read for a request into the caches.
  /// - Returns: the submission, if nothing more is to be read for it.
  func restored(
    _ payloads: [[UInt8]], for id: RequestID, _ scheduler: inout Scheduler
  ) throws(EngineError) -> Submission? {
    guard let restore = restores[id] else { return nil }
    for payload in payloads {
      guard let place = scheduler.restoreNext(for: id) else { return end(id, &scheduler) }
      try payload.withUnsafeBufferPointer { bytes throws(EngineError) in
        try write(UnsafeRawBufferPointer(bytes), to: place, position: restore.count)
      }
      restores[id]?.next += 1
    }
    guard !payloads.isEmpty, let next = restores[id]?.next, next < restore.items.count else {
      return end(id, &scheduler)
    }
    readNext(for: id)
    return nil
  }

  private func write(_ bytes: UnsafeRawBufferPointer, to place: RestoredPlace, position: Int) throws(EngineError) {
    switch place {
    case .present: break
    case .page(let page): try engine.writePage(page, from: bytes)
    case .state(let slot, let tail):
      let size = engine.slotByteCount
      if let slot {
        try engine.writeSlot(slot, position: position, from: UnsafeRawBufferPointer(rebasing: bytes[..<size]))
      }
      if let tail { try engine.writePage(tail, from: UnsafeRawBufferPointer(rebasing: bytes[size...])) }
    }
  }

  /// Ends a restoration, whole or not.
  /// - Returns: the submission it was for, if there was one.
  func end(_ id: RequestID, _ scheduler: inout Scheduler) -> Submission? {
    guard let restore = restores.removeValue(forKey: id) else { return nil }
    scheduler.endRestoring(id)
    return restore.submission
  }

  /// Ends all restorations: what they hold is needed.
  func endAll(_ scheduler: inout Scheduler) -> [Submission] {
    restores.keys.sorted().compactMap { end($0, &scheduler) }
  }
}
