import ArgumentParser
import Foundation
import JSON
import ModelFiles
import Sampling
import Tokenizer

/// `apus generate`: continues token ids or a plain text.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Continue a text or token ids, without a chat template.",
    discussion: """
      apus generate --prompt "The swift" --max-tokens 20
      apus generate --tokens 1,2,3 --max-tokens 24 --temperature 0 --ignore-eos --json
      """)

  @OptionGroup var model: ModelOption

  @OptionGroup var weights: WeightsOption

  @Option(help: "Token ids to continue, separated by commas.")
  var tokens: String?

  @Option(help: "A text to continue, as it is.")
  var prompt: String?

  @Option(help: "Tokens to generate at most.")
  var maxTokens = 128

  @Option(help: "0 always takes the most likely token.")
  var temperature: Float = 0

  @Option(help: "Sample among the k most likely tokens only; 0: all.")
  var topK = 0

  @Option(help: "Sample among the most likely tokens that make up this probability.")
  var topP: Float = 1

  @Option(help: "Leave out tokens below this share of the most likely one's probability.")
  var minP: Float = 0

  @Option(help: "The same seed gives the same tokens.")
  var seed: UInt64 = 0

  @Flag(help: "Go on after the model's end token.")
  var ignoreEos = false

  @Flag(
    help: #"""
      Print {"ids":[…],"text":"…","finish_reason":"…","steps":…,"drafted_tokens":…,"accepted_tokens":…} instead of the \
      text.
      """#)
  var json = false

  @Option(help: "Tokens of one prefill step.")
  var chunk = 512

  @Option(help: "Worker threads; 0: one a core.")
  var threads = 0

  @OptionGroup var instructionSet: InstructionSetOption

  @OptionGroup var numberTypes: NumberTypesOption

  @OptionGroup var drafting: DraftOption

  func validate() throws {
    guard (tokens == nil) != (prompt == nil) else { throw ValidationError("Give either --tokens or --prompt.") }
    guard (1...16_777_216).contains(maxTokens) else { throw ValidationError("--max-tokens must be at least 1.") }
    guard (1...65_536).contains(chunk) else { throw ValidationError("--chunk must be from 1 to 65536.") }
    guard (0...1024).contains(threads) else { throw ValidationError("--threads must be from 0 to 1024.") }
  }

  func run() throws {
    let parameters = try SamplingParameters(
      temperature: temperature, topK: topK, topP: topP, minP: minP, seed: seed)
    let folder = try model.folder()
    let vocabularySize = folder.configuration.vocabularySize
    // Without a tokenizer.json, ids can still be continued; only their text is unknown.
    let tokenizer = prompt == nil ? try? model.tokenizer() : try model.tokenizer()
    let start = try promptIDs(vocabularySize: vocabularySize) { tokenizer?.encode($0) ?? [] }
    let limit = folder.configuration.contextLength
    guard start.count < limit else {
      throw CommandError.contextTooLong(tokens: start.count + 1, limit: limit, what: "The prompt and one token")
    }

    let count = min(maxTokens, limit - start.count)
    let run = try SingleSequence(
      folder: folder, capacity: start.count + count, stepTokens: chunk, threads: threads, weights: weights,
      instructionSet: instructionSet.chosen, numberTypes: numberTypes, drafting: drafting.drafting)
    var sampler = Sampler(vocabularySize: vocabularySize)
    var detokenizer = tokenizer?.makeDetokenizer(skippingSpecialTokens: true)
    var ids: [Int32] = []
    var text = ""
    var finishReason = "length"
    var pending = start
    var guesses: [Int32] = []
    var position = 0
    var (steps, drafted, accepted) = (0, 0, 0)
    generation: while ids.count < count {
      let step = try run.extend(from: position, pending, guesses: guesses) { position, logits in
        sampler.sample(logits, parameters, position: position)
      }
      steps += 1
      drafted += guesses.count
      accepted += step.choices.count - 1
      for next in step.choices where ids.count < count {
        if !ignoreEos, folder.generation.eosTokenIDs.contains(next) {
          finishReason = "stop"
          break generation
        }
        ids.append(next)
        let delta = detokenizer?.append(next) ?? ""
        text += delta
        if !json { write(delta) }
      }
      position += pending.count + step.choices.count - 1
      pending = step.choices.suffix(1)
      guesses = step.guesses
    }
    let rest = detokenizer?.finish() ?? ""
    text += rest
    if json {
      let reply: JSON = [
        "ids": .array(ids.map { .integer(Int($0)) }), "text": .string(text), "finish_reason": .string(finishReason),
        "steps": .integer(steps), "drafted_tokens": .integer(drafted), "accepted_tokens": .integer(accepted),
      ]
      print(reply.serialized())
    } else {
      write(rest + "\n")
    }
  }

  private func promptIDs(vocabularySize: Int, encode: (String) -> [Int32]) throws -> [Int32] {
    if let prompt {
      let ids = encode(prompt)
      guard !ids.isEmpty else {
        throw CommandError.badInput(place: "--prompt", found: "no token", expected: "at least one")
      }
      return ids
    }
    let parts = (tokens ?? "").split(separator: ",", omittingEmptySubsequences: false)
    return try parts.map { part in
      guard let id = Int(part.trimmingPrefix(while: \.isWhitespace)) else {
        throw CommandError.badInput(place: "--tokens", found: "\"\(part)\"", expected: "a token id")
      }
      guard id >= 0, id < vocabularySize else {
        throw CommandError.unknownToken(id: id, vocabularySize: vocabularySize, place: "--tokens")
      }
      return Int32(id)
    }
  }

  private func write(_ text: String) {
    FileHandle.standardOutput.write(Data(text.utf8))
  }
}
