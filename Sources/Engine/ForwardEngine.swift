/// Which tokens of an input the caller wants logits for.
public enum LogitsRequest: Sendable, Hashable {
  /// No token: a prompt's chunk before its last.
  case none
  /// The input's last token.
  case last
  /// The input's last tokens, so many of them: the last known one and the guesses behind it.
  case suffix(Int)
  /// Every token of the input.
  case all
}

/// The part of one sequence that a step advances: a chunk of its prompt, or the one token sampled last.
public struct SequenceInput: Sendable, Hashable {
  /// The tokens to process, at least one.
  public var tokens: [Int32]
  /// The first token's position in the sequence. 0 starts a new sequence in the slot; any other position must be the
  /// one the slot has reached.
  public var position: Int
  /// The state slot that is the sequence's own.
  public var slot: Int
  /// The sequence's pages of the key-value cache in order, covering at least `position + tokens.count` positions.
  public var pages: [Int32]
  /// Which of the tokens need logits.
  public var logits: LogitsRequest

  /// An input of one step.
  public init(tokens: [Int32], position: Int, slot: Int, pages: [Int32], logits: LogitsRequest) {
    self.tokens = tokens
    self.position = position
    self.slot = slot
    self.pages = pages
    self.logits = logits
  }
}

/// Something that advances several sequences by one step: the engine, or a scripted stand-in.
///
/// A sequence is its tokens' pages and a slot. Both can be copied, or taken out as bytes and put back, here or in another
/// engine with the same model, sizes, cache types and instruction set: the sequence continues bit for bit. The bytes say
/// nothing about what they were computed from; the caller knows that.
public protocol ForwardEngine: AnyObject {
  /// The number of logits of a token.
  var vocabularySize: Int { get }

  /// Processes every input and hands out the logits asked for.
  ///
  /// - Parameters:
  ///   - inputs: at most one per slot. An input that is not valid makes the step fail before anything has changed.
  ///   - logits: called on the caller's thread with an input's index, the index of the token in that input, and its
  ///     logits, which are valid during the call only.
  func step(
    _ inputs: [SequenceInput], logits: (_ input: Int, _ token: Int, _ row: UnsafeBufferPointer<Float>) -> Void
  ) throws(EngineError)

  // MARK: - Guesses

  /// Whether there is a multi-token-prediction head that guesses.
  var canDraft: Bool { get }

  /// Takes back the last `count` tokens that the last step gave to a slot's sequence, but not its first one there.
  ///
  /// The slot is then bit for bit as if the step had not had them.
  func retract(_ count: Int, slot: Int) throws(EngineError)

  /// Lets the head follow sequences of the last step, and guess. Does nothing if there is no head.
  ///
  /// - Parameters:
  ///   - requests: at most one a slot.
  ///   - choose: makes a token of the logits of a request's next guess; called for each guess in order.
  func draft(
    _ requests: [DraftRequest], choose: (_ request: Int, _ row: UnsafeBufferPointer<Float>) -> Int32
  ) throws(EngineError)

  // MARK: - What sequences leave behind

  /// Bytes of a page of the key-value cache.
  var pageByteCount: Int { get }

  /// Bytes of a state slot.
  var slotByteCount: Int { get }

  /// Makes `target` a copy of a page.
  func copyPage(from source: Int32, to target: Int32) throws(EngineError)

  /// Makes `target` a copy of a slot as it was before the last `count` tokens of the step just made, which were not all
  /// that the step gave to its sequence; 0 copies the slot as it is, whatever was before. `target` then stands there.
  func copySlot(from source: Int32, to target: Int32, before count: Int) throws(EngineError)

  /// Copies a page's bytes to `bytes`, `pageByteCount` of them.
  func readPage(_ page: Int32, into bytes: UnsafeMutableRawBufferPointer) throws(EngineError)

  /// Restores a page from bytes that were read from one.
  func writePage(_ page: Int32, from bytes: UnsafeRawBufferPointer) throws(EngineError)

  /// Copies a slot's bytes to `bytes`, `slotByteCount` of them.
  ///
  /// - Returns: the position the slot's sequence stands at.
  func readSlot(_ slot: Int32, into bytes: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int

  /// Restores a slot from bytes that were read from one which stood at `position`.
  func writeSlot(_ slot: Int32, position: Int, from bytes: UnsafeRawBufferPointer) throws(EngineError)
}

extension ForwardEngine {
  /// Makes `target` a copy of a slot, which then stands where the other one stands.
  public func copySlot(from source: Int32, to target: Int32) throws(EngineError) {
    try copySlot(from: source, to: target, before: 0)
  }
}
