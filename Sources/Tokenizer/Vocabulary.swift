/// The tokens of a model: texts by id, ids by text.
///
/// All bytes lie in one buffer in the order of ids; ids are found through an open-addressing hash table over it.
struct Vocabulary: Sendable {
  /// How a token is written in tokenizer.json.
  private enum Spelling: UInt8 {
    /// No token has this id.
    case none
    /// In the byte alphabet.
    case alphabet
    /// As plain UTF-8, with characters outside of the byte alphabet.
    case plain
  }

  /// A token as tokenizer.json lists it.
  struct Entry {
    let id: Int32
    let text: String
  }

  private var bytes: [UInt8] = []
  /// Where the bytes of each id start; one more entry than ids.
  private var starts: [UInt32] = [0]
  private var spellings: [Spelling] = []
  private var table: ByteTable
  /// Ids of tokens that are not looked up by words: those outside of the byte alphabet, and added tokens.
  private var idsByText: [[UInt8]: Int32] = [:]
  /// Bytes of the longest token of the model.
  private(set) var longestToken = 0

  /// - Parameters:
  ///   - model: tokens that merging produces.
  ///   - added: tokens found as they are in text; one that is a model token too has the same id.
  ///     Apart from that no id and no text comes twice.
  init(model: [Entry], added: [Entry]) {
    let size = (model + added).reduce(0) { max($0, Int($1.id) + 1) }
    var entries = [Entry?](repeating: nil, count: size)
    var isWord = [Bool](repeating: false, count: size)
    for entry in added { entries[Int(entry.id)] = entry }
    for entry in model {
      entries[Int(entry.id)] = entry
      isWord[Int(entry.id)] = true
    }
    table = ByteTable(capacity: model.count)
    starts.reserveCapacity(size + 1)
    spellings.reserveCapacity(size)
    bytes.reserveCapacity(size * 8)
    for id in 0..<size {
      append(entries[id], isWord: isWord[id])
    }
    for entry in added { idsByText[Array(entry.text.utf8)] = entry.id }
  }

  private mutating func append(_ entry: Entry?, isWord: Bool) {
    let start = bytes.count
    if let entry {
      if let spelled = ByteAlphabet.bytes(of: entry.text) {
        bytes += spelled
        spellings.append(.alphabet)
        if isWord {
          table.insert(entry.id, hash: ByteTable.hash(bytes.span, start..<bytes.count))
          longestToken = max(longestToken, spelled.count)
        }
      } else {
        bytes += Array(entry.text.utf8)
        spellings.append(.plain)
        idsByText[Array(entry.text.utf8)] = entry.id
      }
    } else {
      spellings.append(.none)
    }
    starts.append(UInt32(bytes.count))
  }

  /// One more than the largest id.
  var size: Int { spellings.count }

  func contains(_ id: Int32) -> Bool {
    spellings.indices.contains(Int(id)) && spellings[Int(id)] != .none
  }

  /// Where the bytes that `id` decodes to lie in the buffer; nothing for an id without a token.
  func range(of id: Int32) -> Range<Int> {
    guard spellings.indices.contains(Int(id)) else { return 0..<0 }
    return Int(starts[Int(id)])..<Int(starts[Int(id) + 1])
  }

  /// The bytes that `id` decodes to; none for an id without a token.
  func bytes(of id: Int32) -> ArraySlice<UInt8> { bytes[range(of: id)] }

  /// The token as tokenizer.json writes it.
  func text(of id: Int32) -> String? {
    guard contains(id) else { return nil }
    return switch spellings[Int(id)] {
    case .alphabet: ByteAlphabet.text(of: bytes(of: id))
    case .plain, .none: String(decoding: bytes(of: id), as: UTF8.self)
    }
  }

  /// The id of a token as tokenizer.json writes it.
  func id(ofText text: String) -> Int32? {
    if let id = idsByText[Array(text.utf8)] { return id }
    guard let word = ByteAlphabet.bytes(of: text) else { return nil }
    return id(ofWord: word.span, 0..<word.count)
  }

  /// The id of the model token that decodes to this part of `text`.
  @inline(__always)
  func id(ofWord text: Span<UInt8>, _ word: Range<Int>) -> Int32? {
    guard word.count <= longestToken else { return nil }
    return table.id(hash: ByteTable.hash(text, word)) { id in
      let start = Int(starts[Int(id)])
      guard Int(starts[Int(id) + 1]) - start == word.count else { return false }
      for offset in 0..<word.count where bytes[start + offset] != text[word.lowerBound + offset] { return false }
      return true
    }
  }
}
