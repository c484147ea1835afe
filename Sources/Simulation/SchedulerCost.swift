public import Scheduler
import Workload

/// Measures what the scheduler itself costs while many requests run and many more wait.
public enum SchedulerCost {
  /// What a step takes in the simulated time.
  private static let stepSeconds = 0.01

  /// Fills a scheduler and runs steps that nothing computes.
  ///
  /// Requests end all the time and others take their places, so that admission, growth, and keeping and evicting of
  /// prefixes are part of it. New ones arrive about as fast, so that as many wait all the time.
  ///
  /// - Parameters:
  ///   - running: sequences that run together.
  ///   - waiting: requests that wait meanwhile, at least.
  ///   - steps: steps to measure.
  ///   - prompt: mean tokens of a prompt.
  ///   - output: mean tokens of a reply.
  /// - Returns: a run of which only the measured steps' costs are recorded.
  public static func measure(
    running: Int, waiting: Int, steps: Int, prompt: Int = 500, output: Int = 100
  ) throws(SchedulerError) -> Simulator.Result {
    let configuration = SchedulerConfiguration(
      pageCount: running * (2 * (prompt + output) / 64 + 4), slotCount: 2 * running,
      stepTokenBudget: running + 4 * prompt, maximumRunning: running, maximumQueued: .max)
    var random = SeededGenerator(seed: 1)
    // A reply ends with every `output`th step of a sequence, and until all run some steps pass.
    let first = running + waiting
    let secondsBetween = stepSeconds * Double(output) / Double(running)
    let trace = Trace(
      (0..<first + 2 * (steps + output) * running / output).map { number in
        Conversation(
          arrival: secondsBetween * Double(max(0, number - first)),
          turns: [
            Turn(
              prompt: Int.random(in: prompt / 2...prompt * 3 / 2, using: &random),
              output: Int.random(in: output / 2...output * 3 / 2, using: &random))
          ])
      })
    var simulator = try Simulator(
      trace, scheduler: configuration, cost: CostModel(tokens: [CostModel.TokenCost(tokens: 1, seconds: stepSeconds)]))
    return try simulator.run(steps: steps, running: running)
  }
}
