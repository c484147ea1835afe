/// Why an engine could not be made, or a step or a copy was refused. What is refused has changed nothing.
public enum EngineError: Error, Hashable, CustomStringConvertible {
  /// A setting is out of range.
  case invalidConfiguration(setting: String, expected: String, found: Int)
  /// The operating system did not give the memory.
  case outOfMemory(byteCount: Int, purpose: String)
  /// The operating system did not start a worker thread.
  case threadCreationFailed(code: Int32)
  /// An input has no tokens.
  case emptyInput(input: Int)
  /// The inputs have more tokens than a step has room for.
  case tooManyTokens(count: Int, limit: Int)
  /// A token id is outside the vocabulary.
  case invalidToken(input: Int, token: Int32, vocabularySize: Int)
  /// A slot index is outside the pool.
  case invalidSlot(input: Int, slot: Int, slotCount: Int)
  /// Two inputs name one slot.
  case slotUsedTwice(input: Int, slot: Int)
  /// A position is neither 0 nor where the slot's sequence stands.
  case unexpectedPosition(input: Int, expected: Int, found: Int)
  /// The sequence would grow past the model's context.
  case contextExceeded(input: Int, length: Int, limit: Int)
  /// A page index is outside the pool.
  case invalidPage(input: Int, page: Int32, pageCount: Int)
  /// The page table does not cover the input's positions.
  case tooFewPages(input: Int, expected: Int, found: Int)
  /// A page appears twice in one table, or one that is written in this step appears in another table too.
  case pageShared(input: Int, page: Int32)
  /// A page to copy is outside the pool.
  case noSuchPage(Int32, pageCount: Int)
  /// A slot to copy is outside the pool.
  case noSuchSlot(Int32, slotCount: Int)
  /// Bytes to restore, or room for a copy, are not as large as a page or slot.
  case wrongByteCount(expected: Int, found: Int)
  /// A slot cannot stand at this position.
  case noSuchPosition(Int, contextLength: Int)
  /// The tokens to take back are not the last ones of the last step, or too many.
  case notRetractable(slot: Int, count: Int)
  /// A file that weights are read from was changed meanwhile. Sequences may have advanced, by whatever numbers.
  case weightsChanged(path: String)
  /// The tokens to draft after are not those that the last step left in the slot.
  case notDraftable(request: Int, slot: Int)

  /// A sentence for a log.
  public var description: String {
    switch self {
    case .invalidConfiguration(let setting, let expected, let found):
      "engine setting \(setting): expected \(expected), found \(found)"
    case .outOfMemory(let byteCount, let purpose): "could not allocate \(byteCount) bytes for \(purpose)"
    case .threadCreationFailed(let code): "could not start a worker thread (error \(code))"
    case .emptyInput(let input): "input \(input) has no tokens"
    case .tooManyTokens(let count, let limit): "a step of \(count) tokens, at most \(limit) are allowed"
    case .invalidToken(let input, let token, let size): "input \(input): token \(token) is not in 0..<\(size)"
    case .invalidSlot(let input, let slot, let count): "input \(input): slot \(slot) is not in 0..<\(count)"
    case .slotUsedTwice(let input, let slot): "input \(input): slot \(slot) has another input in this step"
    case .unexpectedPosition(let input, let expected, let found):
      "input \(input): position \(found), but its slot stands at \(expected)"
    case .contextExceeded(let input, let length, let limit):
      "input \(input): \(length) tokens, but the context has \(limit)"
    case .invalidPage(let input, let page, let count): "input \(input): page \(page) is not in 0..<\(count)"
    case .tooFewPages(let input, let expected, let found):
      "input \(input): \(found) pages, but its positions need \(expected)"
    case .notRetractable(let slot, let count):
      "slot \(slot): \(count) tokens cannot be taken back"
    case .notDraftable(let request, let slot):
      "draft request \(request): its tokens are not those that the last step left in slot \(slot)"
    case .weightsChanged(let path):
      "\(path) was changed while weights are read from it. Replace a model's files by renaming others over them"
    case .pageShared(let input, let page):
      "input \(input): page \(page) is used twice, by this input or by another that writes it"
    case .noSuchPage(let page, let count): "page \(page) is not in 0..<\(count)"
    case .noSuchSlot(let slot, let count): "slot \(slot) is not in 0..<\(count)"
    case .wrongByteCount(let expected, let found): "expected \(expected) bytes of a page or slot, found \(found)"
    case .noSuchPosition(let position, let length): "position \(position) is not in a context of \(length) tokens"
    }
  }
}
