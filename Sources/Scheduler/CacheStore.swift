/// Who holds which page and which state slot, and which tokens are in those that nobody holds.
///
/// Every page is free, or held by sequences, or kept. Kept pages, and those of sequences whose tokens are known, form a
/// tree beneath a root for each namespace: a page's node follows its parent's, whose page is whole. Siblings are sorted
/// by their tokens, so the longest common prefix with a prompt is found by bisection, and exactly.
///
/// Every slot is free, or held by a sequence, or a checkpoint: the state after a node's first so many tokens.
///
/// A sequence holds all pages of its path, and gives them up deepest first; therefore kept pages are in the order of use
/// behind all that follow them in the tree, and giving up the first of the order never leaves a hole.
struct CacheStore: Sendable {
  let pageSize: Int
  /// Whether a prefix can only be reused where a checkpoint is.
  let needsCheckpoints: Bool
  let checkpointLimit: Int

  /// By page; beyond them, roots.
  var nodes: [CacheNode]
  /// The tokens of page `p`'s node from `p * pageSize`.
  var nodeTokens: [Int32]
  var roots: [CacheNamespace: Int32] = [:]
  var freeRoots: [Int32] = []
  /// How many sequences hold each page.
  var references: [Int32]
  var freePages: [Int32]
  /// Pages that are kept and held by nobody.
  var pageOrder: CacheOrder
  /// Whole pages given up lately, to tell why something is not there.
  var evicted: EvictionRecord

  /// By slot.
  var checkpoints: [Checkpoint?]
  var freeSlots: [Int32]
  /// Slots that are checkpoints.
  var checkpointOrder: CacheOrder
  /// Slots that a step in flight makes checkpoints.
  var pendingCheckpoints = 0
  var checkpointAt: [PrefixHash: Int32] = [:]

  init(_ configuration: SchedulerConfiguration) {
    pageSize = configuration.pageSize
    needsCheckpoints = configuration.needsCheckpoints
    checkpointLimit = configuration.checkpointLimit
    nodes = Array(repeating: CacheNode(), count: configuration.pageCount)
    nodeTokens = Array(repeating: 0, count: configuration.pageCount * configuration.pageSize)
    references = Array(repeating: 0, count: configuration.pageCount)
    freePages = (0..<Int32(configuration.pageCount)).reversed()
    pageOrder = CacheOrder(capacity: configuration.pageCount)
    evicted = EvictionRecord(pageCount: configuration.pageCount)
    checkpoints = Array(repeating: nil, count: configuration.slotCount)
    freeSlots = (0..<Int32(configuration.slotCount)).reversed()
    checkpointOrder = CacheOrder(capacity: configuration.slotCount)
  }

  // MARK: - Pages

  /// Pages that can be taken: nobody holds them.
  var availablePages: Int { freePages.count + pageOrder.count }

  /// Takes a page for one holder: a free one, or the kept one that was used least recently. Nil if all are held.
  mutating func takePage() -> Int32? {
    if freePages.isEmpty {
      guard let oldest = pageOrder.first else { return nil }
      let parent = nodes[Int(oldest)].parent
      removeNode(oldest)
      prune(from: parent)
    }
    guard let page = freePages.popLast() else { return nil }
    references[Int(page)] = 1
    return page
  }

  /// One more sequence holds the page.
  mutating func hold(_ page: Int32) {
    if references[Int(page)] == 0 { pageOrder.remove(page) }
    references[Int(page)] += 1
  }

  /// One sequence fewer holds the page; the last one keeps it if its tokens are known.
  mutating func letGo(_ page: Int32) {
    references[Int(page)] -= 1
    guard references[Int(page)] == 0 else { return }
    if nodes[Int(page)].isInTree { pageOrder.append(page) } else { freePages.append(page) }
  }

  /// Marks a kept page as used.
  mutating func touchPage(_ page: Int32) {
    guard pageOrder.contains(page) else { return }
    pageOrder.remove(page)
    pageOrder.append(page)
  }

  // MARK: - Slots

  /// Slots that can be taken: no sequence holds them, nor is the step in flight filling them.
  var availableSlots: Int { freeSlots.count + checkpointOrder.count }

  /// Takes a slot for a sequence: a free one, or the checkpoint that was used least recently. Nil if all are held.
  mutating func takeSlot() -> Int32? {
    if freeSlots.isEmpty, let oldest = checkpointOrder.first { removeCheckpoint(oldest) }
    return freeSlots.popLast()
  }

  /// Takes a slot to be filled by the next step's last copies; nil if there is none to be had.
  mutating func takeCheckpointSlot() -> Int32? {
    guard checkpointLimit > 0, pendingCheckpoints < checkpointLimit else { return nil }
    if checkpointOrder.count + pendingCheckpoints >= checkpointLimit, let oldest = checkpointOrder.first {
      removeCheckpoint(oldest)
    }
    guard let slot = takeSlot() else { return nil }
    pendingCheckpoints += 1
    return slot
  }

  /// Gives up the checkpoints used least recently that are more than may be.
  mutating func keepCheckpointLimit() {
    while checkpointOrder.count + pendingCheckpoints > checkpointLimit, let oldest = checkpointOrder.first {
      removeCheckpoint(oldest)
    }
  }

  mutating func giveBackSlot(_ slot: Int32) { freeSlots.append(slot) }

  /// Marks a checkpoint as used.
  mutating func touchCheckpoint(_ slot: Int32) {
    checkpoints[Int(slot)]?.isSuperseded = false
    checkpointOrder.remove(slot)
    checkpointOrder.append(slot)
  }
}

/// A page's place in the tree, or a root.
struct CacheNode: Sendable {
  /// -1 for roots and for pages that are not in the tree.
  var parent: Int32 = -1
  /// Tokens of the page that are known; 0 for roots and for pages that are not in the tree.
  var filled = 0
  /// Of all tokens up to the end of a whole page; a root's is that of its namespace.
  var hash: PrefixHash?
  /// Sorted by tokens.
  var children: [Int32] = []
  /// The checkpoints after tokens of this page.
  var checkpoints: [Int32] = []
  /// After how many of a child's tokens there are checkpoints: ascending, with the number of them.
  var childOffsets: [(offset: Int, count: Int)] = []
  /// Of a root.
  var namespace: CacheNamespace?
  /// Of a root: who used it first.
  var tenant = TenantID.shared

  var isInTree: Bool { filled > 0 }

  /// Follows a parent from now on.
  mutating func join(_ parent: Int32, filled: Int, hash: PrefixHash?) {
    self.parent = parent
    self.filled = filled
    self.hash = hash
  }
}

/// Why a state is kept, which tells when it may go.
enum CheckpointPurpose: Sendable, Equatable {
  /// Asked for, for other conversations.
  case shared
  /// For the next turn of a conversation: at a message's end, or where a sequence ended or gave way.
  case turn
  /// At regular distances within a long prompt.
  case spaced
}

/// A frozen state, in the slot that is its number.
struct Checkpoint: Sendable {
  var page: Int32
  /// After so many of the page's tokens; at least 1.
  let offset: Int
  /// After so many tokens in all.
  let position: Int
  let purpose: CheckpointPurpose
  let hash: PrefixHash
  /// A later one has taken its place, so it is given up before others.
  var isSuperseded = false
}

/// Remembers which whole pages were given up lately: a table that forgets by overwriting.
struct EvictionRecord: Sendable {
  private var table: [PrefixHash?]

  init(pageCount: Int) { table = Array(repeating: nil, count: max(64, 2 * pageCount)) }

  mutating func insert(_ hash: PrefixHash?) {
    guard let hash else { return }
    table[hash.index(below: table.count)] = hash
  }

  func contains(_ hash: PrefixHash) -> Bool { table[hash.index(below: table.count)] == hash }
}
