import ArgumentParser
import JSON
import Scheduler
import Simulation
import Workload

/// `apus simulate run`: what clients would see.
struct SimulateRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a trace through the scheduler and a cost model.",
    discussion: """
      apus simulate --cost cost.json --conversations 1000 --rate 2 --html report.html
      apus simulate --cost cost.json --trace agents.jsonl --step-tokens 256
      apus simulate --model F --bandwidth 400 --int8 4000 --f32 900 --rate 20
      apus simulate --running 256 --waiting 10000 --steps 2000

      The scheduler is the server's own; only the engine is replaced. A cost model
      is a file of apus simulate calibrate, or follows from a model's sizes and a
      machine's limits: a step takes as long as reading its bytes or doing its
      multiply-adds, whichever is longer, divided by --efficiency.

      With --running and --waiting no trace is run: so many sequences run, so many
      requests wait, and the processor time of planning and completing a step is
      measured.
      """)

  @OptionGroup(title: "Trace") var trace: TraceOptions

  @OptionGroup(title: "Cost of a step") var cost: CostOptions

  @Option(help: "Sequences that run at once.") var maxRunning = 8
  @Option(help: "Requests that may wait.") var maxQueued = 256
  @Option(help: "Tokens of a step.") var stepTokens = 512
  @Option(help: "Requests of one tenant that may run and wait. Default: any number.") var maxPerTenant: Int?
  @Option(help: "Seconds a request may wait. Default: any.") var maxQueueSeconds: Double?
  @Option(help: "Seconds between two tokens of a stream that a prompt beside it may not exceed. Default: any.")
  var maxGap: Double?
  @Flag(help: "Let requests want their first token within --slo-ttft, and be refused where that cannot be.")
  var deadlines = false
  @Option(help: "Pages of 64 tokens of the key-value cache. Default: 4,096 tokens for each running sequence.")
  var pages: Int?
  @Option(help: "State slots, of running sequences and checkpoints together. Default: four for each running sequence.")
  var slots: Int?
  @Flag(help: "The model has no recurrent states, so that prefixes are reused without checkpoints.") var stateless =
    false
  @Flag(help: "Let tenants share no cached prefixes.") var isolateTenants = false

  @Option(help: "Measure the scheduler with so many running sequences.") var running: Int?
  @Option(help: "Measure the scheduler with so many waiting requests.") var waiting: Int?
  @Option(help: "Steps of that measurement.") var steps = 2000

  @OptionGroup(title: "Report") var report: ReportOptions

  func validate() throws {
    for (name, value, range) in [
      ("max-running", maxRunning, 1...65_536), ("max-queued", maxQueued, 0...100_000_000),
      ("step-tokens", stepTokens, 1...1 << 20), ("pages", pages ?? 1, 1...1 << 24), ("slots", slots ?? 1, 1...1 << 20),
      ("running", running ?? 1, 1...65_536), ("waiting", waiting ?? 0, 0...1_000_000),
      ("max-per-tenant", maxPerTenant ?? 1, 1...1 << 40), ("steps", steps, 1...1_000_000),
    ] where !range.contains(value) {
      throw ValidationError("--\(name) must be from \(range.lowerBound) to \(range.upperBound).")
    }
    guard maxGap ?? 1 > 0, maxQueueSeconds ?? 1 > 0 else {
      throw ValidationError("--max-gap and --max-queue-seconds must be above 0.")
    }
  }

  func run() throws {
    if running != nil || waiting != nil {
      return try measureScheduler(running: running ?? maxRunning, waiting: waiting ?? 0)
    }
    let cost = try cost.model()
    let trace = try trace.trace()
    var configuration = SchedulerConfiguration(
      pageCount: pages ?? maxRunning * 64, slotCount: slots ?? 4 * maxRunning,
      stepTokenBudget: max(stepTokens, maxRunning), maximumRunning: maxRunning, maximumQueued: maxQueued)
    configuration.needsCheckpoints = !stateless
    configuration.rewindLimit = 4
    if let maxPerTenant { configuration.maximumPerTenant = maxPerTenant }
    if let maxQueueSeconds { configuration.maximumQueueSeconds = maxQueueSeconds }
    if let maxGap { configuration.maximumGapSeconds = maxGap }
    var simulator = try Simulator(
      trace, scheduler: configuration, cost: cost, isolatesTenants: isolateTenants, level: report.level,
      hasDeadlines: deadlines)
    let bar = ProgressLine()
    let total = trace.requestCount
    let start = ContinuousClock.now
    let result = try simulator.run { bar.show($0, of: total) }
    bar.show(total, of: total)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    try report.report(
      "Simulated", result.measurements, lines: lines(result, seconds: seconds),
      details: [
        "scheduler": Self.json(result), "simulated_in_seconds": .double(seconds), "cost": cost.json(),
      ])
  }

  private func measureScheduler(running: Int, waiting: Int) throws {
    let result = try SchedulerCost.measure(running: running, waiting: waiting, steps: steps)
    if report.json {
      print(Self.json(result).serialized(.indented(2)))
    } else {
      print(lines(result, seconds: nil).dropFirst().joined(separator: "\n"))
    }
  }

  private static func json(_ result: Simulator.Result) -> JSON {
    func summary(_ distribution: Distribution) -> JSON {
      [
        "mean": .double(distribution.mean), "p50": .double(distribution.quantile(0.5)),
        "p99": .double(distribution.quantile(0.99)), "max": .double(distribution.greatest),
      ]
    }
    return [
      "steps": .integer(result.schedulerMicroseconds.count),
      "microseconds_per_step": summary(result.schedulerMicroseconds), "batch": summary(result.batch),
      "waiting": summary(result.waiting), "least_waiting": .double(result.waiting.least),
      "preemptions": .integer(result.counters.preemptions),
      "computed_tokens": .integer(result.counters.computedTokens),
      "reused_tokens": .integer(result.counters.reusedTokens), "busy_seconds": .double(result.counters.busySeconds),
    ]
  }

  private func lines(_ result: Simulator.Result, seconds: Double?) -> [String] {
    let micros = result.schedulerMicroseconds
    func shown(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
    return [
      "",
      "steps         \(micros.count), \(shown(result.batch.mean)) sequences each on average, "
        + "\(shown(result.waiting.mean)) requests waiting (at least \(Int(result.waiting.least)))",
      "scheduler     \(shown(micros.mean)) microseconds a step on average, \(shown(micros.quantile(0.5))) half of "
        + "them, \(shown(micros.quantile(0.99))) all but one in a hundred",
      "caches        \(result.counters.reusedTokens) tokens reused, \(result.counters.preemptions) preemptions",
    ] + (seconds.map { ["simulated in  \(shown($0)) s"] } ?? [])
  }
}
