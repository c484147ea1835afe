public import Metrics
import Scheduler

/// What is measured of requests and steps. Times are in seconds; the buckets are vLLM's.
public final class ServiceMetrics: Sendable {
  /// From the arrival of a request to the first token of its replies.
  public let timeToFirstToken = Histogram(bounds: [
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
  ])
  /// Between two tokens of a reply.
  public let interTokenLatency = Histogram(bounds: [
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
  ])
  /// From the arrival of a request to the end of its last reply.
  public let requestLatency = Histogram(bounds: requestBounds)
  /// From the arrival of a request at the scheduler to its first step.
  public let queueTime = Histogram(bounds: requestBounds)
  /// Tokens of a request's prompt.
  public let promptLength = Histogram(bounds: lengthBounds)
  /// Tokens of a reply.
  public let replyLength = Histogram(bounds: lengthBounds)
  /// Tokens of the prompts of requests that began to run.
  public let promptTokens = Counter()
  /// Those of them that were known from earlier requests.
  public let cachedPromptTokens = Counter()
  /// Tokens chosen.
  public let generationTokens = Counter()
  /// Tokens that were guessed and verified.
  public let draftedTokens = Counter()
  /// Those of them that were right.
  public let acceptedTokens = Counter()
  /// Times a running request gave its memory back for another one.
  public let preemptions = Counter()
  /// Replies that are whole, by the reason of their end.
  public let finished: [FinishReason: Counter] = [.stop: Counter(), .length: Counter(), .toolCalls: Counter()]
  /// Replies that nobody wanted any more.
  public let aborted = Counter()
  /// Replies that failed.
  public let failed = Counter()
  /// How long a step takes, planning and choosing of tokens included.
  public let stepTime = Histogram(bounds: [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100,
  ])
  /// Requests a step advances.
  public let stepSequences = Histogram(bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024])
  /// Tokens a step computes.
  public let stepTokens = Histogram(bounds: [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384])

  private static let requestBounds = [
    0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680,
  ]
  private static let lengthBounds = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000,
  ].map(Double.init)

  init() {}

  /// A request begins to run.
  func note(_ admitted: AdmittedRequest, promptTokens count: Int) {
    promptTokens.add(count)
    cachedPromptTokens.add(admitted.reusedTokens)
    promptLength.observe(Double(count))
    queueTime.observe(admitted.queuedSeconds)
  }

  /// A scheduler has counted on.
  func note(_ counters: SchedulerCounters, after earlier: SchedulerCounters) {
    draftedTokens.add(counters.draftedTokens - earlier.draftedTokens)
    acceptedTokens.add(counters.acceptedTokens - earlier.acceptedTokens)
    preemptions.add(counters.preemptions - earlier.preemptions)
  }

  /// A step has been computed.
  func note(_ plan: StepPlan, seconds: Double) {
    stepTime.observe(seconds)
    stepSequences.observe(Double(plan.chunks.count))
    stepTokens.observe(Double(plan.chunks.reduce(0) { $0 + $1.count }))
  }

  /// A reply is whole.
  func note(_ end: ChoiceEnd) {
    finished[end.reason]?.add()
    replyLength.observe(Double(end.usage.completionTokens))
  }
}
