/// The keys of a JSON object as they are written, duplicates included, which a parsed object no longer shows.
struct HeaderKeys {
  /// The number of keys of the outermost object.
  private(set) var count = 0
  /// The first key that is written twice in the same way.
  private(set) var firstDuplicate: String?

  /// Scans `text`, which must be valid JSON with an object outermost.
  init(of text: UnsafeRawBufferPointer) {
    var seen: Set<String> = []
    var depth = 0
    var stringStart: Int?
    var lastString = 0..<0
    var index = 0
    while index < text.count {
      let byte = text[index]
      if let start = stringStart {
        if byte == UInt8(ascii: "\\") {
          index += 1
        } else if byte == UInt8(ascii: "\"") {
          lastString = start..<index
          stringStart = nil
        }
      } else {
        switch byte {
        case UInt8(ascii: "\""): stringStart = index + 1
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        case UInt8(ascii: ":") where depth == 1:
          count += 1
          let key = String(decoding: text[lastString], as: UTF8.self)
          if !seen.insert(key).inserted, firstDuplicate == nil { firstDuplicate = key }
        default: break
        }
      }
      index += 1
    }
  }
}
