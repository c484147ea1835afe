import ArgumentParser
import Engine

/// What the benchmarks of an engine take alike.
struct BenchOptions: ParsableArguments {
  @OptionGroup var model: ModelOption

  @OptionGroup var weights: WeightsOption

  @Option(help: "How often each speed is measured; the median counts.")
  var repetitions = 3

  @Option(help: "Worker threads; 0: one a core.")
  var threads = 0

  @OptionGroup var instructionSet: InstructionSetOption

  @OptionGroup var numberTypes: NumberTypesOption

  @Flag(help: "Print a JSON array with an object for each line of the table.")
  var json = false

  func validate() throws {
    guard (1...1000).contains(repetitions) else { throw ValidationError("--repetitions must be from 1 to 1000.") }
    guard (0...1024).contains(threads) else { throw ValidationError("--threads must be from 0 to 1024.") }
  }

  /// Worker threads, chosen.
  var threadCount: Int { threads > 0 ? threads : ProcessorTopology().threadCount }

  /// Refuses sequences of `tokens` tokens where the model has no room for them.
  func check(_ tokens: Int, within limit: Int) throws {
    guard tokens <= limit else {
      throw CommandError.contextTooLong(tokens: tokens, limit: limit, what: "The benchmark")
    }
  }
}
