import Foundation
import Grammar
import JSON
import Tokenizer

/// Answers requests about grammars, with one tokenizer for all.
final class GrammarBench {
  private let tokenizer: Tokenizer
  private let compiler: GrammarCompiler
  private let endToken: Int32
  private var mask: [UInt64]
  /// By token; 0 for special ones, which no mask allows.
  private let firstBytes: [UInt8]

  /// The vocabulary's ordinary tokens, and one more that ends a text.
  init(tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
    endToken = Int32(tokenizer.vocabularySize)
    let texts = (0..<endToken).map { tokenizer.isSpecial($0) ? nil : tokenizer.bytes(of: $0) } + [nil]
    let vocabulary = TokenVocabulary(texts: texts, endTokens: [endToken])
    firstBytes = texts.map { $0?.first ?? 0 }
    compiler = GrammarCompiler(vocabulary: vocabulary)
    mask = Array(repeating: 0, count: vocabulary.maskWords)
  }

  /// The answer as `apus help grammar` has it.
  func answer(_ request: GrammarRequest) -> JSON {
    do {
      let start = processorSeconds()
      let definition = try request.definition()
      let grammar = try compiler.compile(definition)
      var answer: JSONObject = [
        "rules": .integer(definition.rules.count), "compile_seconds": .double(processorSeconds() - start),
      ]
      if !request.documents.isEmpty {
        answer["documents"] = .array(
          request.documents.map { request.readsTokens ? followTokens($0, grammar) : follow($0, grammar) })
      }
      if request.sampleCount > 0 {
        var random = SplitMix64(state: request.seed)
        answer["samples"] = .array(
          (0..<request.sampleCount).map { _ in sample(grammar, request.maximumTokens, &random) })
      }
      return .object(answer)
    } catch {
      return ["error": .string("\(error)")]
    }
  }

  // MARK: - Documents

  private func follow(_ document: String, _ grammar: CompiledGrammar) -> JSON {
    var matcher = grammar.makeMatcher()
    for (position, byte) in document.utf8.enumerated() where !matcher.accept([byte]) {
      return ["accepted": false, "position": .integer(position)]
    }
    return matcher.isComplete
      ? ["accepted": true] : ["accepted": false, "position": .integer(document.utf8.count)]
  }

  private func followTokens(_ document: String, _ grammar: CompiledGrammar) -> JSON {
    var matcher = grammar.makeMatcher()
    var times: [JSON] = []
    var acceptTimes: [JSON] = []
    var disagreements = 0
    var refused: Int?
    let tokens = tokenizer.encode(document, parsingSpecialTokens: false) + [endToken]
    for (index, token) in tokens.enumerated() {
      times.append(.double(fillMask(matcher)))
      let isAllowed = isSet(token)
      let start = processorSeconds()
      let isAccepted = matcher.accept(token)
      acceptTimes.append(.double(processorSeconds() - start))
      if isAllowed != isAccepted { disagreements += 1 }
      if !isAccepted {
        refused = index
        break
      }
    }
    var result: JSONObject = ["accepted": .bool(refused == nil), "tokens": .integer(tokens.count - 1)]
    if let refused { result["refused"] = .integer(refused) }
    result["disagree"] = .integer(disagreements)
    result["mask_seconds"] = .array(times)
    result["accept_seconds"] = .array(acceptTimes)
    return .object(result)
  }

  /// The processor time it took, in seconds.
  @discardableResult
  private func fillMask(_ matcher: GrammarMatcher) -> Double {
    let start = processorSeconds()
    mask.withUnsafeMutableBufferPointer { matcher.fillMask($0) }
    return processorSeconds() - start
  }

  private func isSet(_ token: Int32) -> Bool { mask[Int(token) / 64] & (1 << UInt64(token % 64)) != 0 }

  // MARK: - Random documents

  /// A walk over the masks. A text that may end does so half of the time, and a token that begins with a quotation mark
  /// or closing bracket is preferred once in four times; otherwise the first byte is chosen evenly, then a token with
  /// it. So documents are varied, and do end.
  private func sample(_ grammar: CompiledGrammar, _ maximumTokens: Int, _ random: inout SplitMix64) -> JSON {
    var matcher = grammar.makeMatcher()
    var text: [UInt8] = []
    var count = 0
    while count < maximumTokens {
      fillMask(matcher)
      if isSet(endToken), Bool.random(using: &random) || matcher.isFinished {
        return ["text": .string(String(decoding: text, as: UTF8.self)), "finished": true, "tokens": .integer(count)]
      }
      // Nothing allowed would be a fault of the grammar, and shows: the text is short.
      guard let token = randomToken(&random), let bytes = tokenizer.bytes(of: token), matcher.accept(token) else {
        break
      }
      text += bytes
      count += 1
    }
    return ["text": .string(String(decoding: text, as: UTF8.self)), "finished": false, "tokens": .integer(count)]
  }

  private func randomToken(_ random: inout SplitMix64) -> Int32? {
    var counts = Array(repeating: 0, count: 256)
    forEachAllowedContent { _, first in
      counts[Int(first)] += 1
      return true
    }
    let firsts = (0...255).filter { counts[Int($0)] > 0 } as [UInt8]
    let closing = "\"]}".utf8.filter { counts[Int($0)] > 0 }
    let isClosing = !closing.isEmpty && Int.random(in: 0..<4, using: &random) == 0
    guard let chosen = (isClosing ? closing : firsts).randomElement(using: &random) else { return nil }
    var place = Int.random(in: 0..<counts[Int(chosen)], using: &random)
    var result: Int32?
    forEachAllowedContent { token, first in
      guard first == chosen else { return true }
      if place == 0 { result = token }
      place -= 1
      return place >= 0
    }
    return result
  }

  /// Passes the tokens that the mask allows, without the end, and their first bytes, as long as `body` wants more.
  private func forEachAllowedContent(_ body: (_ token: Int32, _ first: UInt8) -> Bool) {
    for (index, word) in mask.enumerated() {
      var rest = word
      while rest != 0 {
        let token = Int32(index * 64 + rest.trailingZeroBitCount)
        rest &= rest - 1
        if token != endToken, !body(token, firstBytes[Int(token)]) { return }
      }
    }
  }
}

/// Sebastiano Vigna's generator of 64-bit numbers, for random documents that a seed repeats.
private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

/// Processor time of this thread: unlike the time on the clock, it does not depend on what else the machine does.
private func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
