public import Engine

/// A stand-in for the engine whose logits come from a script: what follows after which tokens.
///
/// It keeps every slot's and page's tokens as the engine keeps their states and keys, and refuses steps that the engine
/// would refuse: a position that is not where the slot stands, pages that do not cover it or have two users. It also
/// refuses what the engine could not notice: pages that hold other tokens than the slot has seen.
public final class ScriptedEngine: ForwardEngine {
  /// The token after all the sequence's tokens so far.
  public typealias Script = @Sendable (_ tokens: [Int32]) -> Int32

  /// The number of logits of a token.
  public let vocabularySize: Int
  private let script: Script
  private var slots: [Int: [Int32]] = [:]
  private var pages: [Int32: [Int32]] = [:]

  /// Tokens a slot's bytes have room for.
  private static let slotTokens = 8192
  private static let pageSize = EngineConfiguration.pageSize
  private static let emptyPage = [Int32](repeating: -1, count: pageSize)

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
        pages[input.pages[tokens.count / Self.pageSize], default: Self.emptyPage][tokens.count % Self.pageSize] = token
        tokens.append(token)
        guard input.wantedTokens.contains(offset) else { continue }
        var row = [Float](repeating: 0, count: vocabularySize)
        row[Int(script(tokens))] = 1000
        row.withUnsafeBufferPointer { logits(index, offset, $0) }
      }
      slots[input.slot] = tokens
    }
  }

  private func check(_ inputs: [SequenceInput]) throws(EngineError) {
    var (read, written): (Set<Int32>, Set<Int32>) = ([], [])
    for (index, input) in inputs.enumerated() {
      let reached = slots[input.slot] ?? []
      guard input.position == 0 || input.position == reached.count else {
        throw .unexpectedPosition(input: index, expected: reached.count, found: input.position)
      }
      let end = input.position + input.tokens.count
      let needed = (end + Self.pageSize - 1) / Self.pageSize
      guard input.pages.count >= needed else {
        throw .tooFewPages(input: index, expected: needed, found: input.pages.count)
      }
      for (order, page) in input.pages.prefix(needed).enumerated() {
        let start = order * Self.pageSize
        if start < input.position {
          let seen = reached[start..<min(start + Self.pageSize, input.position)]
          guard pages[page, default: Self.emptyPage].starts(with: seen) else {
            throw .invalidPage(input: index, page: page, pageCount: pages.count)
          }
        }
        let isWritten = order >= input.position / Self.pageSize
        guard isWritten ? written.insert(page).inserted && !read.contains(page) : !written.contains(page) else {
          throw .pageShared(input: index, page: page)
        }
        if !isWritten { read.insert(page) }
      }
    }
  }

  // MARK: - Guesses

  /// It has no head.
  public var canDraft: Bool { false }

  /// Forgets a slot's last tokens.
  public func retract(_ count: Int, slot: Int) throws(EngineError) { slots[slot]?.removeLast(count) }

  /// Does nothing.
  public func draft(
    _ requests: [DraftRequest], choose: (_ request: Int, _ row: UnsafeBufferPointer<Float>) -> Int32
  ) throws(EngineError) {}

  // MARK: - Copies

  /// Bytes of a page's tokens.
  public var pageByteCount: Int { Self.pageSize * MemoryLayout<Int32>.stride }

  /// Bytes of the most tokens a slot may have seen.
  public var slotByteCount: Int { Self.slotTokens * MemoryLayout<Int32>.stride }

  /// Copies a page's tokens.
  public func copyPage(from source: Int32, to target: Int32) throws(EngineError) { pages[target] = pages[source] }

  /// Copies a slot's tokens but the last `count`.
  public func copySlot(from source: Int32, to target: Int32, before count: Int) throws(EngineError) {
    slots[Int(target)] = slots[Int(source)]?.dropLast(count)
  }

  /// Writes a page's tokens to `bytes`.
  public func readPage(_ page: Int32, into bytes: UnsafeMutableRawBufferPointer) throws(EngineError) {
    pages[page, default: Self.emptyPage].withUnsafeBytes { bytes.copyMemory(from: $0) }
  }

  /// Takes a page's tokens from `bytes`.
  public func writePage(_ page: Int32, from bytes: UnsafeRawBufferPointer) throws(EngineError) {
    pages[page] = Array(bytes.bindMemory(to: Int32.self))
  }

  /// Writes a slot's tokens to `bytes`.
  public func readSlot(_ slot: Int32, into bytes: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
    let tokens = slots[Int(slot)] ?? []
    guard tokens.count <= Self.slotTokens else { throw .noSuchPosition(tokens.count, contextLength: Self.slotTokens) }
    tokens.withUnsafeBytes { bytes.copyMemory(from: $0) }
    return tokens.count
  }

  /// Takes a slot's tokens from `bytes`.
  public func writeSlot(_ slot: Int32, position: Int, from bytes: UnsafeRawBufferPointer) throws(EngineError) {
    slots[Int(slot)] = Array(bytes.bindMemory(to: Int32.self).prefix(position))
  }
}
