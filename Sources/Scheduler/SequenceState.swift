/// One request as the scheduler sees it: how many tokens are known, how many of those are computed, and what it holds.
struct SequenceState: Sendable {
  /// Where a request is.
  enum Phase: Sendable {
    case waiting
    case running
    /// If a step computes tokens of it, it still holds what it holds, and gives it back when that step completes.
    case ended
  }

  /// Tokens that room is made for at once, at most.
  private static let reservedTokens = 4096

  // What every step looks at, together: with hundreds of sequences, fetching it from memory is most of a step's cost.

  let id: RequestID
  /// Prompt tokens plus generated ones.
  var known: Int
  /// The first so many known tokens have been computed into pages and slot.
  var computed = 0
  /// Tokens it gets in the step being planned.
  var share = 0
  /// Tokens that were guessed behind the known ones, for the next step that samples.
  var drafts = 0
  /// Those of them that the step being planned verifies.
  var draftShare = 0
  /// Tokens its tenant was charged for: what is computed again after preemption is not charged again.
  var charged = 0
  let promptTokens: Int
  /// Tokens that will ever lie in the cache: all but the last new one, which is never computed.
  let greatestExtent: Int
  /// The first so many pages are whole, and in the tree.
  var knownPages = 0
  /// Pages it does not hold yet, though its known tokens need them.
  var claim = 0
  /// Pages it holds.
  private(set) var pageCount = 0
  /// The account of its tenant.
  let account: Int32
  private var milestoneCount: Int32 = 0
  /// Milestones that chunks have come to, or passed by.
  private(set) var nextMilestone: Int32 = 0
  /// The first so many are behind it, or given up.
  private(set) var passedMilestones: Int32 = 0
  /// What it holds while it runs.
  var slot: Int32?
  var phase = Phase.waiting
  /// Tokens were sampled for it since it was last admitted.
  var hasSampled = false
  /// In the step being planned, its tokens are those of a stream, not of a prompt.
  var isStream = false
  /// The step in flight computes tokens of it.
  var isInFlight = false
  /// Its tokens are looked up and kept.
  let isKept: Bool
  /// What it holds while it runs.
  var pages: [Int32] = [] {
    didSet { pageCount = pages.count }
  }
  /// The known tokens, where they may be kept; else empty.
  var tokens: [Int32]
  /// Waiting requests that start behind its prompt.
  var forks: [Int32] = []

  // What matters now and then.

  /// Positions to keep the state at, those ahead first to last.
  var milestones: [Milestone] = [] {
    didSet {
      milestoneCount = Int32(milestones.count)
      nextMilestone = 0
      passedMilestones = 0
    }
  }
  /// Place in the order of service; survives preemption.
  let rank: Rank
  let priority: Int
  let tenant: TenantID
  /// Nil: nothing is looked up or kept.
  let namespace: CacheNamespace?
  let breakpoints: [CacheBreakpoint]
  let wantsReport: Bool
  let deadline: Double?
  /// The request it may start behind, while it waits for that.
  var leader: Int32?
  /// The milestone of a running sequence that it waits for, because it starts behind it.
  var awaited: PrefixHash?
  /// How often it has waited for one.
  var awaitedCount = 0
  /// Prompt tokens that, when it was submitted, were not cached.
  var expectedPrefill: Int
  /// When it began to wait.
  var waitingSince: Double
  /// It ran before.
  var isResumed = false
  /// Tokens it did not compute when it was last admitted.
  var reused = 0

  init(_ request: SequenceRequest, rank: Rank, account: Int32, greatestExtent: Int, expectedPrefill: Int, now: Double) {
    id = request.id
    self.rank = rank
    priority = request.priority
    tenant = request.tenant
    self.account = account
    self.expectedPrefill = expectedPrefill
    deadline = request.deadline
    self.greatestExtent = greatestExtent
    promptTokens = request.promptTokens
    namespace = request.prompt?.namespace
    isKept = request.prompt != nil
    breakpoints = request.prompt?.breakpoints ?? []
    wantsReport = request.prompt?.wantsReport ?? false
    waitingSince = now
    known = request.promptTokens
    tokens = request.prompt?.tokens ?? []
  }

  /// Known tokens still to compute: one in decode, more in prefill.
  var remaining: Int { known - computed }
  /// Whether a milestone is ahead that no chunk has come to yet.
  var hasMilestoneAhead: Bool { nextMilestone < milestoneCount }
  /// Whether a milestone is ahead that others may wait for.
  var hasUnpassedMilestone: Bool { passedMilestones < milestoneCount }
  /// All tokens the request asked for are generated.
  var isFull: Bool { known > greatestExtent }
}

/// What a step does to a sequence, each in one access: there are hundreds of them in a step.
extension SequenceState {
  /// Runs from now on; `reused` of its tokens need not be computed.
  mutating func start(reused: Int) {
    charged = max(charged, reused)
    share = 0
    isStream = false
    hasSampled = false
    drafts = 0
    draftShare = 0
    phase = .running
    // Room for what it may generate, within reason: its tokens are not to be moved while it runs.
    if isKept { tokens.reserveCapacity(min(greatestExtent + 1, known + Self.reservedTokens)) }
  }

  /// Decides whether the sequence streams, or is a prompt, in the step being planned.
  ///
  /// - Parameter limit: tokens to compute up to which one that was sampled for counts as a stream.
  /// - Returns: whether it streams.
  mutating func beginShare(streamLimit limit: Int) -> Bool {
    let remaining = remaining
    isStream = remaining == 1 || remaining <= limit && hasSampled
    share = isStream ? 1 : 0
    draftShare = 0
    return isStream
  }

  /// Records that its next `count` tokens are computed, and the step that did is over.
  ///
  /// - Returns: tokens to charge its tenant with, a generated one counting `decodeWeight`.
  mutating func advance(by count: Int, decodeWeight: Int) -> Int {
    isInFlight = false
    let from = charged
    computed += count
    guard computed > from else { return 0 }
    charged = computed
    let prompt = max(0, min(computed, promptTokens) - from)
    return prompt + (computed - from - prompt) * decodeWeight
  }

  /// Makes guesses that were right known; `advance` records that they are computed, too.
  mutating func accept(_ guesses: ArraySlice<Int32>) {
    known += guesses.count
    if isKept { tokens += guesses }
  }

  /// Appends a sampled token.
  mutating func grow(by token: Int32) {
    known += 1
    hasSampled = true
    if isKept { tokens.append(token) }
  }

  /// The next milestone that no chunk has come to, which from now on one has; nil if there is none.
  mutating func takeMilestone(upTo position: Int) -> Milestone? {
    guard hasMilestoneAhead, milestones[Int(nextMilestone)].position <= position else { return nil }
    nextMilestone += 1
    return milestones[Int(nextMilestone) - 1]
  }

  /// Whether a milestone that no chunk has come to is at a position or before.
  func hasMilestone(upTo position: Int) -> Bool {
    hasMilestoneAhead && milestones[Int(nextMilestone)].position <= position
  }

  /// The next milestone that it has passed without that being noticed; nil if there is none.
  ///
  /// - Parameter all: whether those ahead count as passed.
  mutating func passMilestone(all: Bool) -> Milestone? {
    guard hasUnpassedMilestone, all || milestones[Int(passedMilestones)].position <= computed else { return nil }
    passedMilestones += 1
    return milestones[Int(passedMilestones) - 1]
  }
}
