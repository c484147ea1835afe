import ArgumentParser
import Engine
import Foundation
import JSON
import Kernels
import ModelFiles
import Models

/// `apus bench engine`: how fast a model runs here, beside what the machine could do.
struct BenchEngineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "engine",
    abstract: "Measure prefill and decoding speed, beside the machine's limits.",
    discussion: """
      apus bench --model F --prompt 512 --generate 64 --batch 1,4,16
      apus bench --model F --prompt 0 --generate 64 --depth 32768 --json

      For each number of sequences, --prompt random tokens are read by each, then
      --generate random tokens are decoded by each, both after --depth tokens that
      are already there. Speeds are medians of the repetitions and count the
      tokens of all sequences together.

      "bandwidth" is the share of the machine's memory bandwidth that decoding
      reaches: the bytes a step has to read (weights, with the experts that evenly
      routed tokens touch; keys and values; states) by the step's time, by the
      rate at which all threads read huge pages.

      "arithmetic" is the share of the peak arithmetic that prefill reaches: the
      time its multiply-adds take at the processor's best rate for their types, by
      the time it took.

      Both limits are measured first, with the same threads and instruction set.
      Run it on an idle machine: other programs take from both sides of these
      shares.
      """)

  @OptionGroup var options: BenchOptions

  @Option(help: "Tokens of each sequence's prompt; 0: measure no prefill.")
  var prompt = 512

  @Option(help: "Tokens each sequence decodes; 0: measure no decoding.")
  var generate = 64

  @Option(help: ArgumentHelp("Sequences that run together, one or several numbers.", valueName: "numbers"))
  var batch = "1"

  @Option(help: "Tokens each sequence has before its prompt, and before decoding.")
  var depth = 0

  @Option(help: "Tokens of one step of prefill, all sequences together.")
  var stepTokens = 512

  func validate() throws {
    guard (0...16_777_216).contains(prompt) else { throw ValidationError("--prompt must not be below 0.") }
    guard (0...16_777_216).contains(generate) else { throw ValidationError("--generate must not be below 0.") }
    guard prompt > 0 || generate > 0 else { throw ValidationError("--prompt and --generate cannot both be 0.") }
    guard (0...16_777_216).contains(depth) else { throw ValidationError("--depth must not be below 0.") }
    guard (1...65_536).contains(stepTokens) else { throw ValidationError("--step-tokens must be from 1 to 65536.") }
    _ = try batches()
  }

  private func batches() throws -> [Int] {
    try batch.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let count = Int(part), (1...1024).contains(count) else {
        throw ValidationError("--batch takes numbers from 1 to 1024, separated by commas; found \"\(part)\".")
      }
      return count
    }
  }

  func run() throws {
    let folder = try options.model.folder()
    let plan = Benchmark.Plan(
      prompt: prompt, generate: generate, depth: depth, repetitions: options.repetitions, stepTokens: stepTokens)
    try options.check(plan.length, within: folder.configuration.contextLength)
    let isa = options.instructionSet.chosen
    let kernels = Kernels(isa)
    let threads = options.threadCount
    report("measuring the machine's limits")
    let batches = try batches()
    let loaded = try options.weights.load(
      folder, for: plan.engineConfiguration(sequences: batches.max() ?? 1, threads: threads), kernels)
    let limits = try MachineLimits.measure(isa, threads: threads)
    var results: [BenchResult] = []
    for sequences in batches {
      var configuration = plan.engineConfiguration(sequences: sequences, threads: threads)
      options.numberTypes.apply(to: &configuration, for: folder)
      let engine = try Engine(model: loaded, configuration: configuration, kernels: kernels)
      let work = ModelWork(
        folder.configuration, tensors: folder.weights.descriptions, caches: ModelWork.CacheBytes(of: engine),
        compute: configuration.compute)
      var benchmark = Benchmark(plan: plan, engine: engine)
      let speeds = try benchmark.run { report("\(sequences) sequences: \($0)") }
      results.append(BenchResult(plan: plan, sequences: sequences, speeds: speeds, work: work, limits: limits))
    }
    let machine = BenchMachine(
      model: folder.path, threads: threads, instructionSet: isa, stepTokens: stepTokens,
      repetitions: options.repetitions, limits: limits)
    if options.json {
      print(JSON.array(results.map { $0.json(on: machine) }).serialized(.indented(2)))
    } else {
      print(machine.text)
      print(BenchResult.table(results))
    }
  }

  private func report(_ progress: String) {
    FileHandle.standardError.write(Data("\(progress)\n".utf8))
  }
}
