import Foundation
import FuzzSupport
import Grammar
import JSON

/// A vocabulary of the 256 bytes, and an end.
let endToken: Int32 = 256
let vocabulary = TokenVocabulary(texts: (0...255).map { [UInt8($0)] } + [nil], endTokens: [endToken])

/// Whether the limits are a server's, to see how long inputs take that were kept under the smaller ones.
let hasServerLimits = ProcessInfo.processInfo.environment["APUS_FUZZ_LIMITS"] == "server"

/// Compiles for some inputs in a row, as a server's does: what they have in common is made once, and what one of them
/// leaves behind meets the next. The limits are small, so that inputs that would only grow are over soon; the fuzzer's own
/// time-out tells when one is not.
struct Compilers: ~Copyable {
  private var current = Compilers.make()
  private var uses = 0

  private static func make() -> GrammarCompiler {
    if hasServerLimits { return GrammarCompiler(vocabulary: vocabulary) }
    var limits = GrammarLimits()
    limits.time = .milliseconds(50)
    limits.preparation = .microseconds(100)
    limits.automatonStates = 400
    limits.networkNodes = 1000
    limits.expressions = 5000
    return GrammarCompiler(vocabulary: vocabulary, limits: limits, cacheBytes: 4 << 20)
  }

  mutating func next() -> GrammarCompiler {
    uses += 1
    if uses % 1024 == 0 { current = Compilers.make() }
    return current
  }
}

nonisolated(unsafe) var compilers = Compilers()

/// Bytes of a walk, at most.
let longestWalk = 256

/// Walks along the grammar, choosing by `choices`. A walk never ends in the middle; one that gets to an end is returned.
func walk(_ grammar: CompiledGrammar, _ choices: ArraySlice<UInt8>) -> [UInt8]? {
  var matcher = grammar.makeMatcher()
  var mask = Array(repeating: UInt64(0), count: vocabulary.maskWords)
  var text: [UInt8] = []
  var allowed: [UInt8] = []
  for choice in choices.prefix(longestWalk - 64) + Array(repeating: UInt8(ascii: "\""), count: 64) {
    mask.withUnsafeMutableBufferPointer { matcher.fillMask($0) }
    allowed.removeAll(keepingCapacity: true)
    for (index, word) in mask[..<4].enumerated() {
      var rest = word
      while rest != 0 {
        allowed.append(UInt8(index * 64 + rest.trailingZeroBitCount))
        rest &= rest - 1
      }
    }
    let mayEnd = mask[4] & 1 != 0
    guard mayEnd == matcher.isComplete else { fatalError("end and mask differ after \(text)") }
    if matcher.isExhausted { return nil }
    guard mayEnd || !allowed.isEmpty else { fatalError("nothing can follow \(text)") }
    if allowed.isEmpty || (mayEnd && choice & 1 == 0) { return text }
    let isChoiceAllowed = mask[Int(choice) / 64] & 1 << UInt64(choice % 64) != 0
    let byte = isChoiceAllowed ? choice : allowed[Int(choice) % allowed.count]
    guard matcher.accept(Int32(byte)) else { fatalError("refused what the mask allows after \(text): \(byte)") }
    text.append(byte)
  }
  return matcher.isComplete ? text : nil
}

/// Compiles a definition, if it can be made, and walks along it; what comes out has to be UTF-8.
func tryText(_ choices: ArraySlice<UInt8>, _ definition: () throws -> GrammarDefinition) {
  guard let definition = try? definition(), let grammar = try? compilers.next().compile(definition) else { return }
  if let text = walk(grammar, choices), String(validating: text, as: UTF8.self) == nil {
    fatalError("no UTF-8: \(text)")
  }
}

/// The text in a source. Where it is not UTF-8, its bytes' lower halves are, so that long texts of replacement
/// characters are not all that is tried.
func text(_ source: ArraySlice<UInt8>) -> String {
  String(validating: source, as: UTF8.self) ?? String(decoding: source.map { $0 & 0x7F }, as: UTF8.self)
}

/// The first byte tells what the rest is, up to a zero byte: a JSON Schema, a regular expression, or a grammar in GBNF or
/// Lark's notation. What follows the zero chooses the way.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  guard let kind = input.first else { return 0 }
  let end = input.dropFirst().firstIndex(of: 0) ?? input.endIndex
  let source = input[1..<end]
  let text = text(source)
  let choices = input[min(end + 1, input.endIndex)...]
  switch kind & 7 {
  case 1, 3:
    let extent: RegularExpression.Extent = kind & 2 == 0 ? .anywhere : .whole
    tryText(choices) { GrammarDefinition(try RegularExpression.expression(text, matching: extent)) }
  case 5: tryText(choices) { try GrammarDefinition(gbnf: text) }
  case 7: tryText(choices) { try GrammarDefinition(lark: text) }
  default:
    var options = JSONSchemaOptions()
    if !hasServerLimits {
      options.limits.alternatives = 50
      options.limits.rules = 500
      options.limits.numberStates = 400
    }
    guard let schema = try? JSON(parsing: source),
      let definition = try? GrammarDefinition(jsonSchema: schema, options: options),
      let grammar = try? compilers.next().compile(definition)
    else { return 0 }
    if let document = walk(grammar, choices), (try? JSON(parsing: document)) == nil {
      fatalError("no JSON: \(String(decoding: document, as: UTF8.self))")
    }
  }
  return 0
}

runFuzzer()
