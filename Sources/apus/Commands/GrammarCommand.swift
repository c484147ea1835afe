import ArgumentParser
import Foundation
import Grammar
import JSON
import Tokenizer

/// `apus grammar`: checks grammars, follows documents through them, makes random ones, and times it all.
struct GrammarCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grammar",
    abstract: "Check a JSON Schema or another grammar, and what it allows.",
    discussion: """
      apus grammar --file schema.json                         is it supported?
      apus grammar --file schema.json --document reply.json   does the document satisfy it, and if not, where not?
      apus grammar --format regex --text '[a-z]+' --sample 3  three random texts
      apus grammar --file arithmetic.gbnf --sample 3          the format follows from .json, .regex, .gbnf, .ebnf and .lark
      apus grammar --file schema.json --document reply.json --tokens --model MODEL
                                                              token by token, with the time each mask takes

      The answer is one line of JSON. With --lines, each line of standard input is a request of its own,
      {"format":"json-schema","grammar":{…},"whitespace":"compact","documents":["…"],"tokens":true,"sample":1,"seed":7,
      "max_tokens":500}, where all but "grammar" may be left out, and each line of the output is its answer:

      {"rules":9,"compile_seconds":0.0004,"documents":[{"accepted":true}],"samples":[{"text":"…","finished":true,"tokens":9}]}
      {"error":"#/properties/a/$dynamicRef: the keyword \\"$dynamicRef\\" is not supported; use \\"$ref\\""}

      A document that is not accepted comes with the "position" of the first byte that cannot stand where it stands, or
      that of its end where it stops too early. With tokens: the number of "tokens", which of them is "refused", the
      number of tokens on which mask and matcher "disagree", "mask_seconds", one number a mask, and "accept_seconds", one
      number a token. Seconds are processor time.
      """)

  @OptionGroup var model: ModelOption

  @Option(
    help: """
      What the grammar is written in: \(GrammarFormat.allCases.map(\.rawValue).joined(separator: ", ")). By default \
      what the file's extension says, or json-schema.
      """)
  var format: GrammarFormat?

  @Option(help: "A file with the grammar, or - for standard input.")
  var file: String?

  @Option(help: "The grammar itself.")
  var text: String?

  @Option(help: "A file with a text to follow through the grammar, or - for standard input; may be repeated.")
  var document: [String] = []

  @Option(help: "JSON Schema: white space between tokens, compact (none) or flexible.")
  var whitespace = WhitespaceName.flexible

  @Flag(help: "Follow documents token by token.")
  var tokens = false

  @Option(help: "How many random documents to make.")
  var sample = 0

  @Option(help: "Random documents are the same for the same seed.")
  var seed: UInt64 = 0

  @Option(help: "The longest random document, in tokens.")
  var maxTokens = 1000

  @Flag(help: "Answer requests from standard input, one a line.")
  var lines = false

  func validate() throws {
    let isGiven = file != nil || text != nil || format == .jsonObject
    guard lines != isGiven, file == nil || text == nil else {
      throw ValidationError("Give the grammar by --file or by --text, or use --lines to read requests.")
    }
    guard sample >= 0, maxTokens >= 0 else { throw ValidationError("--sample and --max-tokens must not be negative.") }
  }

  func run() throws {
    let bench = try GrammarBench(tokenizer: model.tokenizer())
    if lines {
      try mapStandardInputLines { number, line, output in
        try bench.answer(GrammarRequest(line: line, number: number)).append(to: &output)
        output.append(UInt8(ascii: "\n"))
      }
      return
    }
    let format = format ?? file.flatMap { GrammarFormat(fileExtension: URL(filePath: $0).pathExtension) } ?? .jsonSchema
    var request = GrammarRequest(format: format, grammar: try grammar(format))
    request.whitespace = whitespace
    request.documents = try document.map { String(decoding: try readInput($0), as: UTF8.self) }
    request.readsTokens = tokens
    request.sampleCount = sample
    request.seed = seed
    request.maximumTokens = maxTokens
    let answer = bench.answer(request)
    print(answer)
    if answer["error"] != nil { throw ExitCode.failure }
  }

  private func grammar(_ format: GrammarFormat) throws -> JSON {
    if format == .jsonObject { return .null }
    let source: String
    if let text { source = text } else { source = String(decoding: try readInput(file ?? "-"), as: UTF8.self) }
    guard format.isJSON else { return .string(source) }
    do {
      return try JSON(parsing: source)
    } catch {
      throw CommandError.badInput(place: file ?? "--text", found: "\(error)", expected: "JSON")
    }
  }
}
