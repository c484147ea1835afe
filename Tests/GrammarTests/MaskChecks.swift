import TestSupport
import Testing

@testable import Grammar

/// Follows a random walk of a few tokens, and compares every mask on the way with the reference recogniser's judgement.
func checkMasks(
  of definition: GrammarDefinition, _ vocabulary: TokenVocabulary, _ reference: ReferenceRecogniser,
  _ random: inout SplitMix64, _ name: String
) throws {
  let texts = vocabulary.texts
  let end = vocabulary.endTokens[0]
  guard reference.judge([]).isViable else {
    #expect(throws: GrammarError.matchesNothing(rule: definition.root)) {
      try GrammarCompiler(vocabulary: vocabulary).compile(definition)
    }
    return
  }
  var matcher = try GrammarCompiler(vocabulary: vocabulary).compile(definition).makeMatcher()
  var text: [UInt8] = []
  var mask = Array(repeating: UInt64.max, count: vocabulary.maskWords)
  for _ in 0..<5 {
    mask.withUnsafeMutableBufferPointer { matcher.fillMask($0) }
    let (isComplete, isViable) = reference.judge(text)
    try #require(isViable && matcher.isComplete == isComplete, "\(name), after \(text)")
    var allowed: [Int32] = []
    for token in 0..<Int32(texts.count) {
      let expected = texts[Int(token)].map { reference.judge(text + $0).isViable } ?? (token == end && isComplete)
      let found = mask[Int(token) >> 6] >> UInt64(token & 63) & 1 == 1
      try #require(found == expected, "\(name), after \(text), token \(texts[Int(token)] ?? [])")
      var copy = matcher
      let accepted = copy.accept(token)
      try #require(accepted == expected)
      if expected, token != end { allowed.append(token) }
    }
    try #require(isComplete || !allowed.isEmpty, "\(name): a dead end after \(text)")
    try #require(matcher.isFinished == (isComplete && allowed.isEmpty))
    guard let token = allowed.randomElement(using: &random) else { return }
    let accepted = matcher.accept(token)
    try #require(accepted)
    text += texts[Int(token)] ?? []
  }
}

/// Finds a text of a grammar by a random walk over bytes, and follows it in many ways to cut it into tokens: each mask allows
/// the next token, and the end at the end.
/// - Returns: whether the walk came to an end.
func checkTokenisations(
  of definition: GrammarDefinition, _ vocabulary: TokenVocabulary, _ random: inout SplitMix64, _ name: String
) throws -> Bool {
  let grammar = try GrammarCompiler(vocabulary: vocabulary).compile(definition)
  var walk = grammar.makeMatcher()
  var text: [UInt8] = []
  while !walk.isComplete || (text.count < 24 && Bool.random(using: &random)) {
    let next = vocabulary.texts.compactMap(\.self).filter { bytes in
      var copy = walk
      return bytes.count == 1 && copy.accept(bytes)
    }
    try #require(walk.isComplete || !next.isEmpty, "\(name): a dead end after \(text)")
    guard let bytes = next.randomElement(using: &random), text.count < 100 else { break }
    _ = walk.accept(bytes)
    text += bytes
  }
  guard walk.isComplete else { return false }
  var mask = Array(repeating: UInt64(0), count: vocabulary.maskWords)
  for _ in 0..<10 {
    var matcher = grammar.makeMatcher()
    var place = 0
    while place < text.count {
      mask.withUnsafeMutableBufferPointer { matcher.fillMask($0) }
      let fitting = vocabulary.texts.indices.filter { vocabulary.texts[$0].map(text[place...].starts(with:)) ?? false }
      for token in fitting {
        try #require(mask[token >> 6] >> UInt64(token & 63) & 1 == 1, "\(name): \(text) at \(place), token \(token)")
      }
      let token = try #require(fitting.randomElement(using: &random))
      let accepted = matcher.accept(Int32(token))
      try #require(accepted)
      place += vocabulary.texts[token]?.count ?? 0
    }
    mask.withUnsafeMutableBufferPointer { matcher.fillMask($0) }
    let end = Int(vocabulary.endTokens[0])
    try #require(matcher.isComplete && mask[end >> 6] >> UInt64(end & 63) & 1 == 1, "\(name): \(text) cannot end")
  }
  return true
}
