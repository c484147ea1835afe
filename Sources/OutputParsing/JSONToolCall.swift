import JSON

/// Qwen3's format: `{"name": "…", "arguments": {…}}` between the tags.
///
/// The object is read as JSON byte by byte, so that tags inside strings mean nothing and a byte that JSON does not have
/// there shows at once that this is no call. Arguments that are an object and come after the name can be told while they
/// are written; all else is left to the JSON parser when the object is complete.
struct JSONToolCallScanner: Sendable {
  private enum Phase: Sendable { case before, object, after }

  private var phase = Phase.before
  private var position: Int
  private var progress = JSONProgress()
  private var object: Range<Int>
  /// Where the member that is being read begins, and its value.
  private var member = 0
  private var value = 0
  private var key: String?
  /// The name, once it is known.
  private(set) var name: String?
  /// Where the arguments that are told while they are written begin and end, and what has been told of them.
  private var argumentsStart: Int?
  private var argumentsEnd: Int?
  private var told = 0

  init(start: Int) {
    position = start
    object = start..<start
  }

  var lacksOnlyClosingTag: Bool { phase == .after }

  /// Whether arguments have begun that can be told.
  var hasBegun: Bool { argumentsStart != nil }

  /// How much of the buffer is settled: what has been told, and what is in front of it.
  var settled: Int { argumentsEnd == nil ? told : position }

  mutating func scan(_ buffer: [UInt8]) -> ToolCallVerdict {
    while phase != .after {
      guard position < buffer.count else { return .incomplete }
      guard step(buffer) else { return .malformed }
      position += 1
    }
    return scanClosingTag(buffer, from: &position)
  }

  private mutating func step(_ buffer: [UInt8]) -> Bool {
    let byte = buffer[position]
    if phase == .before {
      guard byte == UInt8(ascii: "{") else { return byte.isWhitespace }
      phase = .object
      object = position..<position
      member = position + 1
      return progress.take(byte)
    }
    let (depth, isInString) = (progress.depth, progress.isInString)
    guard progress.take(byte) else { return false }
    if !isInString { follow(byte, depth: depth, buffer) }
    if progress.depth == 0 {
      phase = .after
      object = object.lowerBound..<position + 1
    }
    return true
  }

  /// Notes what a byte outside of strings means for the members of the call.
  private mutating func follow(_ byte: UInt8, depth: Int, _ buffer: [UInt8]) {
    switch (byte, depth) {
    case (UInt8(ascii: ":"), 1):
      key = (try? JSON(parsing: buffer[member..<position]))?.stringValue
      value = position + 1
    case (UInt8(ascii: ","), 1), (UInt8(ascii: "}"), 1):
      if key == "name", name == nil {
        name = (try? JSON(parsing: buffer[value..<position]))?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
      }
      (key, member) = (nil, position + 1)
    case (UInt8(ascii: "{"), 1) where key == "arguments" && name != nil && argumentsStart == nil:
      (argumentsStart, told) = (position, position)
    case (UInt8(ascii: "}"), 2) where argumentsStart != nil && argumentsEnd == nil: argumentsEnd = position + 1
    default: break
    }
  }

  /// What is known of the arguments and has not been told.
  mutating func takeArguments(_ buffer: [UInt8]) -> String {
    guard argumentsStart != nil else { return "" }
    let end = argumentsEnd ?? position
    defer { told = end }
    return buffer.text(told..<end)
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
