import Scheduler
import TestSupport
import Testing

@Suite struct CrowdTests {
  /// What a random request wants.
  private func request(_ number: UInt64, _ random: inout SplitMix64, now: Double) -> SequenceRequest {
    let id = RequestID(rawValue: number)
    let system = Int32.random(in: 0..<4, using: &random)
    var tokens = Array(repeating: system, count: 12)
    for _ in 0..<Int.random(in: 1...20, using: &random) { tokens.append(Int32.random(in: 0..<4, using: &random)) }
    let maximum = Int.random(in: 1...6, using: &random)
    var request = SequenceRequest.cached(
      id, tokens, maximum: maximum, breakpoints: [CacheBreakpoint(position: 12, purpose: .shared)])
    if Bool.random(using: &random) {
      request = SequenceRequest(id: id, promptTokens: tokens.count, maximumTokens: maximum)
    }
    request.priority = Int.random(in: -1...1, using: &random)
    request.tenant = TenantID(rawValue: .random(in: 0..<5, using: &random))
    if Int.random(in: 0..<10, using: &random) == 0 { request.deadline = now + .random(in: 0...2, using: &random) }
    return request
  }

  @Test func twentyThousandRequestsAllEndAndNoneStarves() throws {
    // 24 run at once, and want about ten times the pages there are.
    var server = try VirtualServer(
      SchedulerConfiguration(
        pageSize: 4, pageCount: 24, slotCount: 32, stepTokenBudget: 128, maximumRunning: 24, maximumQueued: 120,
        admissionHeadroomPages: 0, checkpointSpacing: 16, checkpointMinimumSpacing: 8, maximumQueueSeconds: 20,
        priorityAgingSeconds: 1, maximumGapSeconds: 0.05, rewindLimit: 3, rewindBoundary: 8))
    var random = SplitMix64(seed: 20_000)
    var refusedAtOnce = 0
    var cancelled: Set<RequestID> = []
    var longestWait = 0.0
    for wave in 0..<20 {
      let begin = UInt64(wave * 1000)
      for number in begin..<begin + 1000 {
        let request = request(number, &random, now: server.now)
        do {
          try server.submit(request)
        } catch {
          switch error {
          case .queueFull, .deadlineUnreachable: refusedAtOnce += 1
          default: throw error
          }
        }
        if Int.random(in: 0..<20, using: &random) == 0 {
          let id = RequestID(rawValue: .random(in: begin...number, using: &random))
          if server.scheduler.holds(id) { cancelled.insert(id) }
          server.cancel(id)
        }
        if Bool.random(using: &random) { server.step() }
      }
      try server.drain()
      #expect(server.scheduler.isIdle && server.scheduler.availablePageCount == 24)
    }
    var answered = 0
    var refused = 0
    for (id, record) in server.records {
      if record.refusal != nil {
        refused += 1
      } else if !cancelled.contains(id) {
        answered += 1
        #expect(record.ended != nil && !record.tokens.isEmpty, "\(id)")
      }
      if let admitted = record.admitted { longestWait = max(longestWait, admitted.queuedSeconds) }
    }
    #expect(answered + refused + cancelled.count + refusedAtOnce == 20_000)
    let counters = server.scheduler.counters
    #expect(counters.finished == answered && counters.refused == refused && counters.cancelled == cancelled.count)
    #expect(answered > 5000 && refusedAtOnce > 1000 && cancelled.count > 100 && counters.preemptions > 500)
    // What is served at all waits no longer than it takes to serve a full queue.
    #expect(longestWait < 10, "\(longestWait)")
  }
}
