import ArgumentParser
import Workload

/// Where a trace comes from: a file, or a recipe.
struct TraceOptions: ParsableArguments {
  @Option(name: .customLong("trace"), help: "A trace file; the options below are for making one instead.")
  var file: String?

  @Option(help: "Conversations.") var conversations = 100
  @Option(help: "Conversations that arrive in a second.") var rate = 1.0
  @Option(help: "How they arrive: \(TraceRecipe.Arrivals.allCases.map(\.rawValue).joined(separator: ", ")).")
  var arrivals = TraceRecipe.Arrivals.poisson
  @Option(help: "Conversations of a burst.") var burst = 10
  @Option(help: "New tokens of each prompt: 500; 100-900, evenly spread; ~500, many short and few long ones.")
  var prompt = LengthDistribution.fixed(500)
  @Option(help: "Tokens of each reply, in the same form.") var output = LengthDistribution.fixed(100)
  @Option(help: "Requests of a conversation; each sends all that came before.") var turns = 1
  @Option(help: "Mean seconds between a reply and the next request of its conversation.") var pause = 0.0
  @Option(help: "Different system prompts that conversations share; 0: none.") var prefixes = 0
  @Option(help: "Tokens of each of them.") var prefixTokens = 1024
  @Option(help: "Tenants; the first sends half of all, the second half of the rest, and so on.") var tenants = 1
  @Option(help: "Which of the possible traces.") var seed: UInt64 = 0
  @Option(help: "Send the trace so many times as fast.") var speed = 1.0
  @Option(help: "Write the trace to this file, too.") var saveTrace: String?

  func validate() throws {
    guard speed > 0, speed <= 1e6 else { throw ValidationError("--speed must be above 0.") }
    if file == nil {
      do { try recipe.check() } catch { throw ValidationError("--\(error)") }
    }
  }

  private var recipe: TraceRecipe {
    var recipe = TraceRecipe(conversations: conversations, rate: rate)
    recipe.arrivals = arrivals
    recipe.burstSize = burst
    recipe.prompt = prompt
    recipe.output = output
    recipe.turns = turns
    recipe.pause = pause
    recipe.prefixes = prefixes
    recipe.prefixTokens = prefixTokens
    recipe.tenants = tenants
    recipe.seed = seed
    return recipe
  }

  /// The trace, saved where that was asked for.
  func trace() throws -> Trace {
    let made: Trace
    if let file {
      let bytes = try readInput(file)
      do { made = try TraceFile.parse(bytes) } catch {
        throw CommandError.unreadableInput(path: file, reason: "\(error)")
      }
    } else {
      made = try recipe.make()
    }
    let trace = speed == 1 ? made : made.sped(up: speed)
    if let saveTrace { try writeOutput(TraceFile.text(trace), to: saveTrace) }
    return trace
  }
}
