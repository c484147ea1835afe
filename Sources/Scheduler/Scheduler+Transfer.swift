/// What is cached of a run of tokens, so that it can be kept elsewhere.
public struct KeptPrefix: Sendable, Equatable {
  /// A state that is kept.
  public struct State: Sendable, Equatable {
    /// Tokens before it.
    public let position: Int
    /// The slot it is in; nil for a model without states.
    public let slot: Int32?
    /// The page with the tokens behind the last whole page, if there are any.
    public let tail: Int32?
  }

  /// The whole pages with the first of the tokens.
  public var pages: [Int32] = []
  /// The states behind tokens of these pages, in the order of their positions. Spaced ones within a prompt, and those
  /// that a later turn has taken the place of, are not among them.
  public var states: [State] = []
}

/// Pages and states that are put into the caches from outside.
struct Restoration: Sendable {
  let prompt: CachedPrompt
  let tenant: TenantID
  /// Tokens that are restored in the end.
  let count: Int
  /// Whole pages that are there, held until the end.
  var pages: [Int32]
}

/// Where the content of something that is restored belongs.
public enum RestoredPlace: Sendable, Equatable {
  /// A whole page.
  case page(Int32)
  /// The state behind the last of the tokens, and the page that the tokens behind the last whole page are in; each nil
  /// where it is there already, or there is none.
  case state(slot: Int32?, tail: Int32?)
  /// It is there already.
  case present
}

extension Scheduler {
  /// What is cached of a run of tokens.
  public func kept(_ tokens: [Int32], in namespace: CacheNamespace) -> KeptPrefix {
    var kept = KeptPrefix()
    let match = cache.match(tokens, limit: tokens.count, in: namespace)
    guard let root = cache.roots[namespace] else { return kept }
    kept.pages = cache.path(of: tokens, under: root)
    guard configuration.needsCheckpoints else {
      if match.tokens > 0 { kept.states = [KeptPrefix.State(position: match.tokens, slot: nil, tail: match.tail)] }
      return kept
    }
    for level in 0...kept.pages.count {
      let parent = level == 0 ? root : kept.pages[level - 1]
      cache.forEachCheckpoint(under: parent, tokens[(level * configuration.pageSize)...]) { slot, checkpoint in
        guard checkpoint.purpose != .spaced, !checkpoint.isSuperseded else { return }
        let isWhole = checkpoint.position % configuration.pageSize == 0
        kept.states.append(
          KeptPrefix.State(position: checkpoint.position, slot: slot, tail: isWhole ? nil : checkpoint.page))
      }
    }
    return kept
  }

  /// How many tokens of a prompt need not be computed if it is admitted now.
  public func reusableTokens(of prompt: CachedPrompt) -> Int {
    cache.match(prompt.tokens, limit: prompt.tokens.count - 1, in: prompt.namespace).tokens
  }

  // MARK: - Restoring

  /// Begins to put the first `count` tokens of a prompt into the caches: whole pages first, in order, then the state.
  ///
  /// To be called between steps, as all that follows it. Pages are held until `endRestoring`; running sequences may need
  /// them meanwhile, so it should not take long.
  ///
  /// - Parameter id: of a request that is not submitted yet.
  /// - Returns: whole pages that are cached already, and need not be restored; nil if there is no room for the others.
  public mutating func beginRestoring(
    _ id: RequestID, _ prompt: CachedPrompt, tenant: TenantID = .shared, count: Int
  ) -> Int? {
    guard restorations[id] == nil, (1...prompt.tokens.count).contains(count) else { return nil }
    let root = cache.root(of: prompt.namespace, for: tenant)
    let whole = count / configuration.pageSize
    let pages = Array(cache.path(of: prompt.tokens, under: root).prefix(whole))
    let kept = pages.count { cache.references[Int($0)] == 0 }
    guard pageCount(for: count) - pages.count <= cache.availablePages - kept - claimedPages else {
      cache.forgetRoot(ifUnused: root)
      return nil
    }
    for page in pages { cache.hold(page) }
    restorations[id] = Restoration(prompt: prompt, tenant: tenant, count: count, pages: pages)
    return pages.count
  }

  /// Takes memory for what is restored next. What is to be written has to be written at once.
  /// - Returns: nil if there is no memory; then `endRestoring` is due.
  public mutating func restoreNext(for id: RequestID) -> RestoredPlace? {
    guard let restoration = restorations[id] else { return nil }
    let number = restoration.pages.count
    let pageSize = configuration.pageSize
    guard (number + 1) * pageSize <= restoration.count else { return restoreState(restoration) }
    guard let page = cache.takePage() else { return nil }
    let parent = parent(of: restoration)
    let tokens = restoration.prompt.tokens[(number * pageSize)..<((number + 1) * pageSize)]
    let node = cache.insert(page, tokens: tokens, under: parent)
    restorations[id]?.pages.append(node)
    return node == page ? .page(page) : .present
  }

  /// The node that follows next is under. It does not outlive the taking of a page, which may give up the last one under
  /// a root, and the root with it.
  private mutating func parent(of restoration: Restoration) -> Int32 {
    restoration.pages.last ?? cache.root(of: restoration.prompt.namespace, for: restoration.tenant)
  }

  private mutating func restoreState(_ restoration: Restoration) -> RestoredPlace? {
    let start = restoration.pages.count * configuration.pageSize
    let tokens = restoration.prompt.tokens[start..<restoration.count]
    var node = parent(of: restoration)
    guard let hash = cache.nodes[Int(node)].hash?.extended(by: tokens) else { return nil }
    guard cache.checkpointAt[hash] == nil else { return .present }
    var tail: Int32?
    if !tokens.isEmpty {
      guard let page = cache.takePage() else { return nil }
      node = cache.insert(page, tokens: tokens, under: parent(of: restoration))
      if node == page { tail = page }
      cache.hold(node)
      cache.letGo(page)
    }
    defer { if !tokens.isEmpty { cache.letGo(node) } }
    guard configuration.needsCheckpoints else { return .state(slot: nil, tail: tail) }
    guard let slot = cache.takeCheckpointSlot() else { return nil }
    cache.pendingCheckpoints -= 1
    cache.attach(slot, to: node, position: restoration.count, purpose: .turn, hash: hash)
    return .state(slot: slot, tail: tail)
  }

  /// Ends a restoration, whole or not: what was restored is kept like all else that is cached.
  public mutating func endRestoring(_ id: RequestID) {
    guard let restoration = restorations.removeValue(forKey: id) else { return }
    for page in restoration.pages.reversed() { cache.letGo(page) }
    if let deepest = restoration.pages.last {
      cache.pruneTail(under: deepest)
      cache.prune(from: deepest)
    } else {
      let root = cache.root(of: restoration.prompt.namespace, for: restoration.tenant)
      cache.pruneTail(under: root)
      cache.forgetRoot(ifUnused: root)
    }
  }
}

extension CacheStore {
  /// The whole pages, from a root on, that hold the first of the tokens.
  func path(of tokens: [Int32], under root: Int32) -> [Int32] {
    var path: [Int32] = []
    while (path.count + 1) * pageSize <= tokens.count {
      let start = path.count * pageSize
      let child = closestChild(of: path.last ?? root, to: tokens[start..<(start + pageSize)])
      guard let child, child.common == pageSize else { break }
      path.append(child.page)
    }
    return path
  }

  /// Frees kept pages under a node that are not whole and that no sequence could start behind: a restored tail whose
  /// state could not be restored.
  fileprivate mutating func pruneTail(under parent: Int32) {
    for page in nodes[Int(parent)].children where nodes[Int(page)].filled < pageSize { prune(from: page) }
  }

  /// Forgets a root that nothing is under.
  fileprivate mutating func forgetRoot(ifUnused root: Int32) {
    guard nodes[Int(root)].children.isEmpty, let namespace = nodes[Int(root)].namespace else { return }
    roots[namespace] = nil
    nodes[Int(root)] = CacheNode()
    freeRoots.append(root)
  }
}
