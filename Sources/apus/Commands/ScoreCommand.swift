import ArgumentParser
import Foundation
import JSON
import ModelFiles
import Sampling

/// `apus score`: log-probabilities of given token sequences.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Compute the log-probability of every token of given sequences.",
    discussion: """
      Input:  {"sequences":[[ids…]…],"top":k}
      Output: {"sequences":[{"logprobs":[…],"top":[[{"id":…,"logprob":…}…]…],"perplexity":…}…]}

      logprobs[i] is the natural logarithm of the probability of ids[i+1]; top[i] holds the k most likely
      tokens after ids[0…i].
      """)

  @OptionGroup var model: ModelOption

  @OptionGroup var weights: WeightsOption

  @Option(help: "A JSON file, or - for standard input.")
  var input: String

  @Option(
    help: ArgumentHelp(
      "Also write all logits to this file: F32, a row of the vocabulary's size after every token.", valueName: "file"))
  var logits: String?

  @Flag(help: "Go through decode steps, one token at a time, instead of prefill.")
  var stepwise = false

  @Option(help: "Tokens of one prefill step.")
  var chunk = 512

  @Option(help: "Worker threads; 0: one a core.")
  var threads = 0

  @OptionGroup var instructionSet: InstructionSetOption

  @OptionGroup var numberTypes: NumberTypesOption

  func validate() throws {
    guard (1...65_536).contains(chunk) else { throw ValidationError("--chunk must be from 1 to 65536.") }
    guard (0...1024).contains(threads) else { throw ValidationError("--threads must be from 0 to 1024.") }
  }

  func run() throws {
    let request = try readJSONObject(input)
    let folder = try model.folder()
    let vocabularySize = folder.configuration.vocabularySize
    let sequences = try sequences(of: request, vocabularySize: vocabularySize)
    let topCount = try topCount(of: request, vocabularySize: vocabularySize)
    let longest = sequences.reduce(0) { max($0, $1.count) }
    let limit = folder.configuration.contextLength
    guard longest <= limit else {
      throw CommandError.contextTooLong(tokens: longest, limit: limit, what: "The longest sequence")
    }
    let step = stepwise ? 1 : chunk
    let run = try SingleSequence(
      folder: folder, capacity: max(longest, 1), stepTokens: step, threads: threads, weights: weights,
      instructionSet: instructionSet.chosen, numberTypes: numberTypes)
    let rows = try logits.map { try LogitsFile(path: $0) }
    var results: [JSON] = []
    for sequence in sequences {
      results.append(try score(sequence, with: run, top: topCount, rows))
    }
    try rows?.finish()
    print(JSON.object(["sequences": .array(results)]).serialized())
  }

  private func sequences(of request: JSONObject, vocabularySize: Int) throws -> [[Int32]] {
    guard let sequences = request["sequences"]?.arrayValue else {
      throw CommandError.badInput(
        place: "sequences", found: request["sequences"]?.kindName ?? "nothing", expected: "an array of token id arrays")
    }
    return try sequences.enumerated().map { index, value in
      let ids = try value.tokenIDs(at: "sequences[\(index)]", vocabularySize: vocabularySize)
      guard !ids.isEmpty else {
        throw CommandError.badInput(place: "sequences[\(index)]", found: "no token", expected: "at least one")
      }
      return ids
    }
  }

  private func topCount(of request: JSONObject, vocabularySize: Int) throws -> Int {
    guard let top = request["top"] else { return 0 }
    guard case .integer(let count) = top, (0...vocabularySize).contains(count) else {
      throw CommandError.badInput(
        place: "top", found: top.serialized(), expected: "a whole number from 0 to \(vocabularySize)")
    }
    return count
  }

  private func score(_ ids: [Int32], with run: SingleSequence, top: Int, _ rows: LogitsFile?) throws -> JSON {
    var logprobs: [JSON] = []
    var tops: [JSON] = []
    var sum = 0.0
    try run.forward(from: 0, ids) { index, logits in
      rows?.append(logits)
      if index + 1 < ids.count {
        let logprob = logProbability(of: ids[index + 1], logits)
        sum += logprob
        logprobs.append(.double(logprob))
      }
      let best = topLogProbabilities(top, logits).map { token -> JSON in
        ["id": .integer(Int(token.id)), "logprob": .double(token.logProbability)]
      }
      tops.append(.array(best))
    }
    let perplexity: JSON = logprobs.isEmpty ? .null : .double(exp(-sum / Double(logprobs.count)))
    return ["logprobs": .array(logprobs), "top": .array(tops), "perplexity": perplexity]
  }
}
