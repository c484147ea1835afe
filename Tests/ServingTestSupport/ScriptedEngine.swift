public import Engine

/// A stand-in for the engine whose logits come from a script: what follows after which tokens.
///
/// It keeps every slot's tokens as the engine keeps their states, and refuses steps the engine would refuse: a position
/// that is not where the slot stands, pages that do not cover it or have two users.
public final class ScriptedEngine: ForwardEngine {
  /// The token after all the sequence's tokens so far.
  public typealias Script = @Sendable (_ tokens: [Int32]) -> Int32

  /// The number of logits of a token.
  public let vocabularySize: Int
  private let script: Script
  private var slots: [Int: [Int32]] = [:]

  /// An engine that follows `script`.
  public init(vocabularySize: Int, script: @escaping Script) {
    self.vocabularySize = vocabularySize
    self.script = script
  }

  /// Advances the slots, and makes the scripted token the likeliest by far.
  public func step(
    _ inputs: [SequenceInput], logits: (_ input: Int, _ token: Int, _ row: UnsafeBufferPointer<Float>) -> Void
  ) throws(EngineError) {
    try check(inputs)
    for (index, input) in inputs.enumerated() {
      var tokens = input.position == 0 ? [] : slots[input.slot] ?? []
      for (offset, token) in input.tokens.enumerated() {
        tokens.append(token)
        let isLast = offset == input.tokens.count - 1
        guard input.logits == .all || (input.logits == .last && isLast) else { continue }
        var row = [Float](repeating: 0, count: vocabularySize)
        row[Int(script(tokens))] = 1000
        row.withUnsafeBufferPointer { logits(index, offset, $0) }
      }
      slots[input.slot] = tokens
    }
  }

  private func check(_ inputs: [SequenceInput]) throws(EngineError) {
    var pages: Set<Int32> = []
    for (index, input) in inputs.enumerated() {
      let reached = slots[input.slot]?.count ?? 0
      guard input.position == 0 || input.position == reached else {
        throw .unexpectedPosition(input: index, expected: reached, found: input.position)
      }
      let end = input.position + input.tokens.count
      let needed = (end + EngineConfiguration.pageSize - 1) / EngineConfiguration.pageSize
      guard input.pages.count >= needed else {
        throw .tooFewPages(input: index, expected: needed, found: input.pages.count)
      }
      for page in input.pages where !pages.insert(page).inserted { throw .pageShared(input: index, page: page) }
    }
  }
}
