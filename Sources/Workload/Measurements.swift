/// What a run's requests add up to: the same for a server that was measured and for a simulated one.
public struct Measurements: Sendable {
  /// One tenant's share.
  public struct TenantTotals: Sendable, Hashable {
    /// Requests that were answered.
    public var answered = 0
    /// Tokens of its replies, and of its prompts as far as they were computed.
    public var servedTokens = 0
    /// Seconds to the first token.
    public var timeToFirstToken = Distribution()
  }

  /// What counts as good.
  public let level: ServiceLevel
  /// Seconds to the first token, of answered requests.
  public private(set) var timeToFirstToken = Distribution()
  /// Seconds between two pieces of a reply.
  public private(set) var interToken = Distribution()
  /// Seconds from sending to the end, of answered requests.
  public private(set) var endToEnd = Distribution()
  /// Mean seconds a token after the first, a number a request.
  public private(set) var secondsPerToken = Distribution()
  /// Requests answered.
  public private(set) var answered = 0
  /// Requests refused, by reason.
  public private(set) var refused: [String: Int] = [:]
  /// Requests that failed, by reason.
  public private(set) var failed: [String: Int] = [:]
  /// Answered requests that kept the service level.
  public private(set) var good = 0
  /// Tokens of answered requests' prompts.
  public private(set) var promptTokens = 0
  /// Those of them that were cached.
  public private(set) var cachedTokens = 0
  /// Tokens of answered requests' replies.
  public private(set) var outputTokens = 0
  /// Those of them that were guessed.
  public private(set) var acceptedDrafts = 0
  /// Tokens that were guessed in vain.
  public private(set) var rejectedDrafts = 0
  /// When the last request ended.
  public private(set) var end = 0.0
  /// Totals by tenant.
  public private(set) var tenants: [Int: TenantTotals] = [:]
  /// What happened over time.
  public private(set) var timeline = Timeline()

  /// No requests yet.
  public init(level: ServiceLevel = ServiceLevel()) { self.level = level }

  /// Adds a time between two pieces of a reply.
  public mutating func addGap(_ seconds: Double, count: Int = 1) { interToken.add(seconds, count: count) }

  /// Adds a request that has ended.
  public mutating func add(_ record: RequestRecord) {
    end = max(end, record.end)
    switch record.outcome {
    case .answered: break
    case .refused(let reason):
      refused[reason, default: 0] += 1
      return
    case .failed(let reason):
      failed[reason, default: 0] += 1
      return
    }
    answered += 1
    good += level.isKept(by: record) ? 1 : 0
    promptTokens += record.promptTokens
    cachedTokens += record.cachedTokens
    outputTokens += record.outputTokens
    acceptedDrafts += record.acceptedDrafts
    rejectedDrafts += record.rejectedDrafts
    endToEnd.add(record.end - record.sent)
    if let seconds = record.secondsPerToken { secondsPerToken.add(seconds) }
    if let seconds = record.timeToFirstToken {
      timeToFirstToken.add(seconds)
      tenants[record.tenant, default: TenantTotals()].timeToFirstToken.add(seconds)
    }
    tenants[record.tenant, default: TenantTotals()].answered += 1
    tenants[record.tenant, default: TenantTotals()].servedTokens +=
      record.promptTokens - record.cachedTokens + record.outputTokens
    timeline.add(record)
  }

  /// Requests that were sent, however they ended.
  public var requests: Int { answered + refused.values.reduce(0, +) + failed.values.reduce(0, +) }

  /// The share of guessed tokens that stood; nil where none was guessed.
  public var acceptance: Double? {
    let drafts = acceptedDrafts + rejectedDrafts
    return drafts > 0 ? Double(acceptedDrafts) / Double(drafts) : nil
  }

  /// Tokens of replies by the steps that gave them: each step gives one and the guesses that stood.
  public var tokensPerStep: Double {
    outputTokens > acceptedDrafts ? Double(outputTokens) / Double(outputTokens - acceptedDrafts) : 1
  }

  /// A number by the seconds of the run.
  public func rate(_ count: Int) -> Double { end > 0 ? Double(count) / end : 0 }

  /// Jain's fairness index of the tenants' served tokens (Jain, Chiu, Hawe, 1984): 1 where all got as much, 1/n where
  /// one of n got all. What tenants asked for is not looked at: it says how even the service was.
  public var fairness: Double {
    let served = tenants.values.map { Double($0.servedTokens) }
    let squares = served.reduce(0) { $0 + $1 * $1 }
    let sum = served.reduce(0, +)
    return squares > 0 ? sum * sum / (Double(served.count) * squares) : 1
  }
}

/// Means over equal intervals of a run. Their number is bounded: the interval doubles when the run outgrows it.
public struct Timeline: Sendable {
  /// One interval.
  public struct Interval: Sendable, Hashable {
    /// Requests that were sent in it.
    public var sent = 0
    /// The sum of their seconds to the first token.
    public var timeToFirstToken = 0.0
    /// Tokens of replies that ended in it.
    public var outputTokens = 0
  }

  private static let capacity = 240
  /// Seconds of an interval.
  public private(set) var width = 1.0
  /// From the start of the run on.
  public private(set) var intervals: [Interval] = []

  mutating func add(_ record: RequestRecord) {
    change(at: record.sent) {
      $0.sent += 1
      $0.timeToFirstToken += record.timeToFirstToken ?? 0
    }
    change(at: record.end) { $0.outputTokens += record.outputTokens }
  }

  private mutating func change(at time: Double, _ body: (inout Interval) -> Void) {
    while time >= width * Double(Self.capacity) {
      width *= 2
      intervals = stride(from: 0, to: intervals.count, by: 2).map { index in
        var sum = intervals[index]
        if index + 1 < intervals.count {
          sum.sent += intervals[index + 1].sent
          sum.timeToFirstToken += intervals[index + 1].timeToFirstToken
          sum.outputTokens += intervals[index + 1].outputTokens
        }
        return sum
      }
    }
    let index = max(0, Int(time / width))
    while intervals.count <= index { intervals.append(Interval()) }
    body(&intervals[index])
  }
}
