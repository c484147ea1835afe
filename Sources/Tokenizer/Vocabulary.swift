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

  /// An entry that contradicts another one.
  struct Conflict: Error {
    let entry: Entry
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
  ///   - model: tokens that merging produces. No text comes twice.
  ///   - added: tokens found as they are in text; one that is a model token too has the same id.
  /// - Throws: the first entry whose id is that of another token, or whose text has another id too.
  init(model: [Entry], added: [Entry]) throws(Conflict) {
    let size = max(model.reduce(0) { max($0, Int($1.id) + 1) }, added.reduce(0) { max($0, Int($1.id) + 1) })
    var entries = [Entry?](repeating: nil, count: size)
    for entry in model {
      if entries[Int(entry.id)] != nil { throw Conflict(entry: entry) }
      entries[Int(entry.id)] = entry
    }
    let isWord = entries.map { $0 != nil }
    for entry in added {
      if let other = entries[Int(entry.id)], !other.text.utf8.elementsEqual(entry.text.utf8) {
        throw Conflict(entry: entry)
      }
      entries[Int(entry.id)] = entry
    }
    table = ByteTable(capacity: model.count)
    starts.reserveCapacity(size + 1)
    spellings.reserveCapacity(size)
    bytes.reserveCapacity(size * 8)
    for id in 0..<size {
      append(entries[id], isWord: isWord[id])
    }
    for entry in added {
      if let other = id(ofText: entry.text), other != entry.id { throw Conflict(entry: entry) }
      idsByText[Array(entry.text.utf8)] = entry.id
    }
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
    if let word = ByteAlphabet.bytes(of: text), let id = id(ofWord: word.span, 0..<word.count) { return id }
    return idsByText[Array(text.utf8)]
  }

  /// The ids of two tokens and of the token that they make together, or nil where one of the three is missing.
  ///
  /// - Parameter buffer: memory kept from call to call.
  func ids(ofMerge left: String, _ right: String, buffer: inout [UInt8]) -> (left: Int32, right: Int32, merged: Int32)?
  {
    buffer.removeAll(keepingCapacity: true)
    if ByteAlphabet.append(left, to: &buffer) {
      let middle = buffer.count
      if ByteAlphabet.append(right, to: &buffer) {
        let word = buffer.span
        guard let left = id(ofWord: word, 0..<middle), let right = id(ofWord: word, middle..<word.count),
          let merged = id(ofWord: word, 0..<word.count)
        else { return nil }
        return (left, right, merged)
      }
    }
    guard let leftID = id(ofText: left), let rightID = id(ofText: right), let merged = id(ofText: left + right) else {
      return nil
    }
    return (leftID, rightID, merged)
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
