/// Which tokens of an input the caller wants logits for.
public enum LogitsRequest: Sendable, Hashable {
  /// No token: a prompt's chunk before its last.
  case none
  /// The input's last token.
  case last
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
}
