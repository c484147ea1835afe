import Scheduler
import TestSupport
import Testing

/// Random clients in front of a scheduler, and a memory that notices when a token is computed behind the wrong ones.
///
/// Prompts begin like others, so that much can be reused, and a client's tokens are chosen by what it has and its number's
/// parity: two equal prompts soon differ.
struct RandomClients {
  struct Client {
    var tokens: [Int32]
    var digests: [UInt64]
    let prompt: Int
    let maximum: Int
    /// Nil while it waits.
    var computed: Int?

    var generated: Int { tokens.count - prompt }
  }

  var scheduler: Scheduler
  var memory: CacheMemory
  var clients: [RequestID: Client] = [:]
  /// In order of submission.
  var alive: [RequestID] = []
  var nextID: UInt64 = 0
  var random: SplitMix64
  var finished = 0
  var needed = 0
  var forked = 0
  var drafted = 0
  var accepted = 0
  /// Beginnings of prompts.
  private var stems: [[Int32]] = []

  init(seed: UInt64, _ configuration: SchedulerConfiguration) throws {
    scheduler = try Scheduler(configuration)
    memory = CacheMemory(configuration)
    random = SplitMix64(seed: seed)
    for _ in 0..<6 {
      stems.append((0..<30).map { _ in Int32.random(in: 0..<3, using: &random) })
    }
  }

  /// Submits, cancels or finishes something.
  mutating func disturb() throws {
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<6: try submit()
    case 6..<8:
      guard let id = alive.randomElement(using: &random) else { return }
      scheduler.cancel(id)
      end(id)
    default:
      // As a stop string or an end token would.
      guard let id = alive.randomElement(using: &random), clients[id].map({ $0.generated > 0 }) == true else { return }
      scheduler.finish(id)
      finished += 1
      end(id)
    }
    try scheduler.checkInvariants()
  }

  private mutating func submit() throws {
    let id = RequestID(rawValue: nextID)
    let stem = stems[Int.random(in: 0..<stems.count, using: &random)]
    var tokens = Array(stem.prefix(.random(in: 0...30, using: &random)))
    for _ in 0..<Int.random(in: 1...20, using: &random) { tokens.append(.random(in: 0..<3, using: &random)) }
    let leader = Bool.random(using: &random) ? nil : alive.randomElement(using: &random)
    if let leader, let client = clients[leader] { tokens = Array(client.tokens.prefix(client.prompt)) }
    let maximum = Int.random(in: 1...30, using: &random)
    var request = SequenceRequest(id: id, promptTokens: tokens.count, maximumTokens: maximum)
    if let leader, let isKnown = clients[leader].map({ $0.tokens[0] >= 0 }), !isKnown {
      // The scheduler compares only lengths where it does not know tokens.
      request.fork = leader
    } else if Int.random(in: 0..<5, using: &random) > 0 {
      let positions = (0..<Int.random(in: 0...2, using: &random)).map { _ in Int.random(in: -1...60, using: &random) }
      request = SequenceRequest(
        id: id,
        prompt: CachedPrompt(
          tokens: tokens, namespace: CacheNamespace(0, 0, 0, 0),
          breakpoints: positions.map { CacheBreakpoint(position: $0, purpose: $0 % 2 == 0 ? .shared : .turn) },
          wantsReport: true),
        maximumTokens: maximum, fork: leader)
    } else {
      // Tokens of its own, which nobody may reuse.
      tokens = tokens.indices.map { -Int32(id.rawValue % 1_000_000) - Int32($0) * 1_000_000 - 1 }
    }
    do {
      try scheduler.submit(request, at: 0)
      nextID += 1
      clients[id] = Client(
        tokens: tokens, digests: CacheMemory.digests(of: tokens), prompt: tokens.count, maximum: maximum)
      alive.append(id)
    } catch {
      switch error {
      case .promptTooLong(let needed, let available):
        #expect(needed == tokens.count + maximum - 1 && available < needed)
      case .queueFull(let limit, _): #expect(scheduler.waitingCount >= limit)
      default: throw error
      }
    }
  }

  mutating func step(disturbances: Int) throws {
    for id in alive { scheduler.draft(.random(in: 0...5, using: &random), for: id) }
    let streaming = clients.filter { $0.value.computed == $0.value.tokens.count - 1 }.map(\.key)
    let plan = scheduler.plan(at: 0)
    try scheduler.checkInvariants()
    for id in plan.preempted { clients[id]?.computed = nil }
    for admitted in plan.admitted {
      clients[admitted.request]?.computed = admitted.reusedTokens
      check(admitted)
    }
    #expect(plan.chunks.reduce(0) { $0 + $1.count + $1.drafts } <= scheduler.configuration.stepTokenBudget)
    // Who streams is served, unless it gave way; the oldest that runs always is.
    for id in streaming where clients[id]?.computed != nil {
      #expect(plan.chunks.contains { $0.request == id && $0.count == 1 && $0.samples })
    }
    #expect(plan.chunks.first?.request == alive.first { clients[$0]?.computed != nil })
    memory.perform(plan.copies)
    var right: [Int] = []
    for chunk in plan.chunks {
      guard let client = clients[chunk.request] else {
        right.append(0)
        continue
      }
      #expect(chunk.position == client.computed)
      #expect(chunk.drafts <= scheduler.configuration.maximumDrafts)
      #expect(client.generated + chunk.drafts < client.maximum)
      // Some guesses are right, and the rows of the others are taken back.
      right.append(.random(in: 0...chunk.drafts, using: &random))
      guess(right[right.count - 1], of: chunk)
      let isSound = memory.compute(chunk, digests: clients[chunk.request]?.digests ?? [], kept: right[right.count - 1])
      #expect(isSound, "\(chunk)")
      clients[chunk.request]?.computed = chunk.position + chunk.count + right[right.count - 1]
      #expect(chunk.samples == (chunk.position + chunk.count == client.tokens.count))
      needed += chunk.count + right[right.count - 1]
      drafted += chunk.drafts
      accepted += right[right.count - 1]
    }
    memory.perform(plan.checkpoints)
    let (sampling, sampled) = sample(plan, right)
    for _ in 0..<disturbances { try disturb() }
    let known = plan.chunks.enumerated().flatMap { place, chunk in
      chunk.samples ? [right[place]] + chunk.forks.map { _ in 0 } : []
    }
    scheduler.complete(
      plan, sampled: sampled, accepted: right.allSatisfy { $0 == 0 } && right.count % 2 == 0 ? [] : right, seconds: 0)
    try scheduler.checkInvariants()
    var next = 0
    for (id, count) in zip(sampling, known) {
      next += count
      grow(id, by: sampled[next])
      next += 1
    }
  }

  /// Lets a client have the tokens that were guessed right.
  private mutating func guess(_ count: Int, of chunk: SequenceChunk) {
    for _ in 0..<count {
      let token = nextToken(of: chunk.request)
      clients[chunk.request]?.tokens.append(token)
      let digest = clients[chunk.request]?.digests.last ?? 0
      clients[chunk.request]?.digests.append(CacheMemory.next(digest, token))
    }
  }

  /// The token a client gets after those it has.
  private func nextToken(of id: RequestID) -> Int32 {
    let digest = clients[id]?.digests.last ?? 0
    return Int32((digest >> 40 &+ id.rawValue % 2) % 3)
  }

  /// A token for each request that samples, behind those that were guessed right.
  private mutating func sample(_ plan: StepPlan, _ right: [Int]) -> (requests: [RequestID], tokens: [Int32]) {
    var requests: [RequestID] = []
    var tokens: [Int32] = []
    for (place, chunk) in plan.chunks.enumerated() where chunk.samples {
      forked += chunk.forks.count
      tokens += clients[chunk.request]?.tokens.suffix(right[place]) ?? []
      for id in [chunk.request] + chunk.forks {
        requests.append(id)
        tokens.append(nextToken(of: id))
      }
    }
    return (requests, tokens)
  }

  private mutating func grow(_ id: RequestID, by token: Int32) {
    guard var client = clients[id] else { return }
    #expect(client.computed == client.tokens.count)
    client.tokens.append(token)
    client.digests.append(CacheMemory.next(client.digests[client.digests.count - 1], token))
    clients[id] = client
    if client.generated == client.maximum {
      #expect(!scheduler.holds(id))
      finished += 1
      end(id)
    }
  }

  private func check(_ admitted: AdmittedRequest) {
    guard let report = admitted.report else { return }
    #expect(report.reusedTokens == admitted.reusedTokens && report.reusedTokens <= report.cachedTokens)
    #expect(report.cachedTokens < report.promptTokens)
    #expect((report.reason == .complete) == (report.cachedTokens == report.promptTokens - 1))
    if !scheduler.configuration.needsCheckpoints { #expect(report.reusedTokens == report.cachedTokens) }
  }

  private mutating func end(_ id: RequestID) {
    clients[id] = nil
    alive.removeAll { $0 == id }
  }
}
