import ArgumentParser
import Engine
import Foundation
import JSON
import Kernels
import ModelFiles
import Simulation

/// `apus simulate calibrate`: a cost model from the engine, here.
struct SimulateCalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Measure steps of a model on this machine, for apus simulate.",
    discussion: """
      apus simulate calibrate --model F -o cost.json

      Single steps are timed: chunks of one sequence and of several, sequences
      that decode together, with and without logits, at the beginning and at
      --depth. What the
      server does between steps is not in them; --step-seconds and
      --request-seconds of apus simulate say it. Run it on an idle machine.
      """)

  @OptionGroup var model: ModelOption
  @OptionGroup var weights: WeightsOption
  @OptionGroup var instructionSet: InstructionSetOption
  @OptionGroup var numberTypes: NumberTypesOption
  @Option(name: .shortAndLong, help: "The file to write.") var output: String
  @Option(help: "Sequences that decode together, at most.") var sequences = 8
  @Option(help: "Tokens of a step, at most.") var stepTokens = 512
  @Option(help: "The position that steps are timed at, besides the beginning.") var depth = 4096
  @Option(help: "How often each step is timed; the median counts.") var repetitions = 15
  @Option(help: "Worker threads; 0: one a core.") var threads = 0

  func validate() throws {
    for (name, value, range) in [
      ("sequences", sequences, 2...256), ("step-tokens", stepTokens, 64...8192), ("depth", depth, 64...1 << 20),
      ("repetitions", repetitions, 1...1000), ("threads", threads, 0...1024),
    ] where !range.contains(value) {
      throw ValidationError("--\(name) must be from \(range.lowerBound) to \(range.upperBound).")
    }
  }

  func run() throws {
    let folder = try model.folder()
    let length = depth + stepTokens
    guard length <= folder.configuration.contextLength else {
      throw CommandError.contextTooLong(
        tokens: length, limit: folder.configuration.contextLength, what: "Timing a step at --depth")
    }
    let pages = (length + EngineConfiguration.pageSize - 1) / EngineConfiguration.pageSize
    var configuration = EngineConfiguration(
      pageCount: sequences * pages, slotCount: sequences, maximumStepTokens: max(stepTokens, sequences),
      threads: threads > 0 ? threads : ProcessorTopology().threadCount)
    numberTypes.apply(to: &configuration, for: folder)
    let kernels = Kernels(instructionSet.chosen)
    let engine = try Engine(
      model: try weights.load(folder, for: configuration, kernels), configuration: configuration, kernels: kernels)
    var timer = StepTimer(engine: engine)
    report("filling the caches")
    try timer.fill()
    let medians = try timer.medians(of: steps, repetitions: repetitions) {
      report("timing \(steps.count) kinds of steps: \($0) of \(repetitions)")
    }
    let measured = zip(steps, medians).map { step, seconds in
      StepMeasurement(
        sequences: step.sequences, tokens: step.tokens, position: step.position, samples: step.logits, seconds: seconds)
    }
    var cost = try CostModel(fitting: measured)
    (cost.pageCopy, cost.slotCopy) = try timer.copySeconds(repetitions: repetitions)
    let notes: JSON = [
      "model": .string(folder.path), "threads": .integer(configuration.threads),
      "isa": .string(instructionSet.chosen.rawValue), "depth": .integer(depth), "repetitions": .integer(repetitions),
    ]
    try writeOutput(cost.json(notes: notes).serialized(.indented(2)) + "\n", to: output)
    print("\(output): \(measured.count) kinds of steps, \(repetitions) times each")
  }

  /// What the fit needs: a table of chunks, sequences and chunks together, logits, and positions.
  private var steps: [StepTimer.Step] {
    let counts = Self.doublings(upTo: sequences)
    let chunks = Self.doublings(upTo: stepTokens).map {
      StepTimer.Step(sequences: 1, tokens: $0, position: 0, logits: false)
    }
    let batches = counts.dropFirst().map { StepTimer.Step(sequences: $0, tokens: 1, position: 0, logits: false) }
    let prompts = counts.dropFirst().map {
      StepTimer.Step(sequences: $0, tokens: max(2, stepTokens / $0), position: 0, logits: false)
    }
    let sampling = counts.map { StepTimer.Step(sequences: $0, tokens: 1, position: 0, logits: true) }
    let deep = [(1, stepTokens), (1, 1), (sequences, 1)].map { count, tokens in
      StepTimer.Step(sequences: count, tokens: tokens, position: depth, logits: false)
    }
    return chunks + batches + prompts + sampling + deep
  }

  /// 1, 2, 4, and so on, and `limit` itself.
  private static func doublings(upTo limit: Int) -> [Int] {
    Array(sequence(first: 1) { $0 * 2 < limit ? $0 * 2 : nil }) + [limit]
  }

  private func report(_ progress: String) {
    FileHandle.standardError.write(Data("\(progress)\n".utf8))
  }
}
