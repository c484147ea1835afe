import JSON

/// Qwen3's format: `{"name": "…", "arguments": {…}}` between the tags.
///
/// The end of the object is found by counting brackets outside strings, so that tags inside strings mean nothing. Any
/// byte that JSON does not have outside strings shows at once that this is no call; all else is left to the JSON
/// parser when the object is complete.
struct JSONToolCallScanner: Sendable {
  private enum Phase: Sendable { case before, object, string, escape, after }

  private var phase = Phase.before
  private var position: Int
  private var depth = 0
  private var object: Range<Int>

  init(start: Int) {
    position = start
    object = start..<start
  }

  var lacksOnlyClosingTag: Bool { phase == .after }

  mutating func scan(_ buffer: [UInt8]) -> ToolCallVerdict {
    while phase != .after {
      guard position < buffer.count else { return .incomplete }
      guard step(buffer[position]) else { return .malformed }
      position += 1
      if phase == .after { object = object.lowerBound..<position }
    }
    return scanClosingTag(buffer, from: &position)
  }

  private mutating func step(_ byte: UInt8) -> Bool {
    switch (phase, byte) {
    case (.before, UInt8(ascii: "{")):
      (phase, depth) = (.object, 1)
      object = position..<position
    case (.before, _): return byte.isWhitespace
    case (.escape, _): phase = .string
    case (.string, UInt8(ascii: "\\")): phase = .escape
    case (.string, UInt8(ascii: "\"")): phase = .object
    case (.string, _): break
    case (_, UInt8(ascii: "\"")): phase = .string
    case (_, UInt8(ascii: "{")), (_, UInt8(ascii: "[")): depth += 1
    case (_, UInt8(ascii: "}")), (_, UInt8(ascii: "]")):
      depth -= 1
      if depth == 0 { phase = .after }
    default: return byte.isJSONOutsideStrings
    }
    return true
  }

  /// The arguments are the text the model wrote. Missing ones, and null, are `{}`; a string is what it holds, if that
  /// is an object.
  func call(_ buffer: [UInt8]) -> ToolCall? {
    let bytes = Array(buffer[object])
    guard let value = try? JSON(parsing: bytes), let name = value["name"]?.stringValue, !name.isEmpty else {
      return nil
    }
    switch value["arguments"] {
    case nil, .null: return ToolCall(name: name, arguments: "{}")
    case .object:
      guard let range = rangeOfMember("arguments", inObject: bytes) else { return nil }
      return ToolCall(name: name, arguments: bytes.text(range))
    case .string(let text):
      guard let inner = try? JSON(parsing: text), inner.objectValue != nil else { return nil }
      let inside = Array(text.utf8)
      let start = inside.skippingWhitespace(from: 0)
      return ToolCall(name: name, arguments: inside.text(start..<inside.startOfWhitespace(before: inside.count)))
    default: return nil
    }
  }
}

/// Where the value of `key` lies in the text of a valid JSON object; the last one, as in the parsed object.
private func rangeOfMember(_ key: String, inObject bytes: [UInt8]) -> Range<Int>? {
  var found: Range<Int>?
  var (depth, start) = (0, 0)
  var (isInString, isEscaped) = (false, false)
  var current: String?
  for (index, byte) in bytes.enumerated() {
    if isInString {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else {
        isInString = byte != UInt8(ascii: "\"")
      }
      continue
    }
    switch byte {
    case UInt8(ascii: "\""): isInString = true
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      depth += 1
      if depth == 1 { start = index + 1 }
    case UInt8(ascii: ":") where depth == 1:
      current = (try? JSON(parsing: bytes[start..<index]))?.stringValue
      start = index + 1
    case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"):
      if depth == 1 {
        // Keys are compared by their bytes, as the parsed object does.
        if let current, current.utf8.elementsEqual(key.utf8) {
          found = bytes.skippingWhitespace(from: start)..<bytes.startOfWhitespace(before: index)
        }
        (current, start) = (nil, index + 1)
      }
      if byte != UInt8(ascii: ",") { depth -= 1 }
    default: break
    }
  }
  return found
}

extension UInt8 {
  /// White space, separators, and what numbers, `true`, `false` and `null` consist of.
  fileprivate var isJSONOutsideStrings: Bool {
    switch self {
    case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "E"):
      true
    default: isWhitespace
    }
  }
}
