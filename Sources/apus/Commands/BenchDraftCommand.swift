import ArgumentParser
import Engine
import Foundation
import JSON
import Kernels
import ModelFiles
import Models

/// `apus bench draft`: what guessing tokens costs, and what it could gain.
struct BenchDraftCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "draft",
    abstract: "Measure what guessing tokens costs, and what it can gain.",
    discussion: """
      apus synth --layers 24 --experts 128 --vocabulary 16000 --type Q4_0 \\
        --draft-head -o draft.gguf
      apus bench draft --model draft.gguf --drafts 4
      apus bench draft --model draft.gguf --drafts 4 --acceptance 0 --adapt
      apus bench draft --model any.gguf --draft lookup --drafts 8

      One sequence decodes --generate tokens with 0 to --drafts guesses a step,
      all really made and verified; whether one is right is drawn, with the
      probability --acceptance. A step may have fewer guesses than that: they end
      with a linear-attention chunk of 16 positions. "allowed" is the gain that
      bytes allow: the tokens of a step by the bytes it reads, beside those
      without guesses. Looked-up guesses (--draft lookup) need no head, and cost
      nothing but their verification.

      With --adapt, the number of guesses follows acceptance and step times, up to
      --drafts, as in the server.
      """)

  @OptionGroup var options: BenchOptions

  @Option(help: "Who guesses: mtp (the model's multi-token-prediction head), lookup, or off (only what a token takes).")
  var draft = DraftOption.Kind.mtp

  @Option(help: "The most tokens guessed a step.")
  var drafts = 4

  @Option(help: "Tokens to decode.")
  var generate = 256

  @Option(help: "The share of guesses that are taken as right, from 0 to 1.")
  var acceptance = 1.0

  @Flag(help: "Let the number of guesses follow what they bring.")
  var adapt = false

  func validate() throws {
    guard (1...8).contains(drafts) else { throw ValidationError("--drafts must be from 1 to 8.") }
    guard (16...1_000_000).contains(generate) else { throw ValidationError("--generate must be from 16 to 1000000.") }
    guard (0...1).contains(acceptance) else { throw ValidationError("--acceptance must be from 0 to 1.") }
  }

  func run() throws {
    let folder = try options.model.folder()
    let drafting = DraftOption.Drafting(kind: draft, count: draft == .off ? 0 : drafts)
    let length = DraftBenchmark.promptLength + generate + 1
    try options.check(length, within: folder.configuration.contextLength)
    let pageSize = EngineConfiguration.pageSize
    var configuration = EngineConfiguration(
      pageCount: (length + pageSize - 1) / pageSize, slotCount: 1, maximumStepTokens: DraftBenchmark.promptLength,
      threads: options.threadCount)
    options.numberTypes.apply(to: &configuration, for: folder)
    try drafting.apply(to: &configuration, for: folder)
    let kernels = Kernels(options.instructionSet.chosen)
    let engine = try Engine(
      model: options.weights.load(folder, for: configuration, kernels, drafting: draft == .mtp),
      configuration: configuration, kernels: kernels)
    let work = ModelWork(
      folder.configuration, tensors: folder.weights.descriptions, caches: ModelWork.CacheBytes(of: engine),
      compute: configuration.compute)
    var benchmark = DraftBenchmark(engine: engine, usesHead: draft == .mtp)
    let lengths = adapt && draft != .off ? [0, drafting.count] : Array(0...drafting.count)
    // Alternating, so that what else the machine does meets all of them alike.
    var results = lengths.map { _ in [DraftBenchmark.Result]() }
    for repetition in 1...options.repetitions {
      for (index, guesses) in lengths.enumerated() {
        FileHandle.standardError.write(Data("\(guesses) guesses, \(repetition) of \(options.repetitions)\n".utf8))
        var length = DraftLength(maximum: guesses, adapts: adapt)
        results[index].append(try benchmark.run(tokens: generate, length: &length, acceptance: acceptance))
      }
    }
    let positions = Double(DraftBenchmark.promptLength) + Double(generate) / 2
    let rows = zip(lengths, results).map { guesses, runs in
      let median = runs.sorted { $0.tokensPerSecond < $1.tokensPerSecond }[runs.count / 2]
      let bytes = median.steps.map { work.draftedBytes($0, positions: positions).total }
      return Row(guesses: guesses, median: median, bytes: bytes.reduce(0, +) / Double(max(1, bytes.count)))
    }
    print(options.json ? Row.json(rows) : Row.table(rows))
  }

  private struct Row {
    let guesses: Int
    let median: DraftBenchmark.Result
    let bytes: Double

    func gain(over base: Row) -> Double { median.tokensPerSecond / base.median.tokensPerSecond }
    func allowed(over base: Row) -> Double { median.tokensPerStep * base.bytes / bytes }

    static func json(_ rows: [Row]) -> String {
      JSON.array(
        rows.map { row in
          [
            "guesses": .integer(row.guesses), "tokens_per_second": .double(row.median.tokensPerSecond),
            "tokens_per_step": .double(row.median.tokensPerStep), "bytes_per_step": .double(row.bytes),
            "gain": .double(row.gain(over: rows[0])), "allowed_gain": .double(row.allowed(over: rows[0])),
          ]
        }
      ).serialized(.indented(2))
    }

    static func table(_ rows: [Row]) -> String {
      var lines = ["guesses  tok/s  tokens a step  MB a step  gain  allowed  reached"]
      for row in rows {
        let (gain, allowed) = (row.gain(over: rows[0]), row.allowed(over: rows[0]))
        let columns: [(String, Int)] = [
          ("\(row.guesses)", 7), (Self.text(row.median.tokensPerSecond, 1), 7),
          (Self.text(row.median.tokensPerStep, 2), 15), (Self.text(row.bytes / 1e6, 0), 11),
          (Self.text(gain, 2), 6), (Self.text(allowed, 2), 9),
          (row.guesses > 0 ? Self.text(100 * gain / allowed, 0) + "%" : "-", 9),
        ]
        lines.append(columns.map { String(repeating: " ", count: max(0, $1 - $0.count)) + $0 }.joined())
      }
      return lines.joined(separator: "\n")
    }

    private static func text(_ value: Double, _ decimals: Int) -> String {
      String(format: "%.\(decimals)f", value)
    }
  }
}
