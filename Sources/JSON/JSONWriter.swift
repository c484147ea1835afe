extension JSON {
  /// The value as JSON text. NaN and the infinities, which JSON cannot express, become `null`.
  public func serialized(_ style: JSONStyle = .compact) -> String {
    var writer = JSONWriter(style)
    writer.write(self)
    return String(decoding: writer.output, as: UTF8.self)
  }

  /// Appends the value as compact JSON in UTF-8.
  public func append(to output: inout [UInt8]) {
    var writer = JSONWriter(.compact)
    swap(&writer.output, &output)
    writer.write(self)
    swap(&writer.output, &output)
  }

  /// Appends `text` as a JSON string with its quotes, escaped as Python's `json.dumps` does: quotes,
  /// backslashes and control characters, and with `escapeNonASCII` everything but printable ASCII.
  public static func appendQuoted(_ text: String, escapeNonASCII: Bool = false, to output: inout [UInt8]) {
    var text = text
    output.append(UInt8(ascii: "\""))
    if escapeNonASCII {
      appendEscapedASCII(text, to: &output)
    } else {
      text.withUTF8 { appendEscaped($0, to: &output) }
    }
    output.append(UInt8(ascii: "\""))
  }

  private static func appendEscaped(_ bytes: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
    var runStart = 0
    for (index, byte) in bytes.enumerated() {
      guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
      output.append(contentsOf: bytes[runStart..<index])
      appendEscape(UInt16(byte), to: &output)
      runStart = index + 1
    }
    output.append(contentsOf: bytes[runStart...])
  }

  private static func appendEscapedASCII(_ text: String, to output: inout [UInt8]) {
    for unit in text.utf16 {
      if (0x20...0x7E).contains(unit), unit != UInt16(UInt8(ascii: "\"")), unit != UInt16(UInt8(ascii: "\\")) {
        output.append(UInt8(truncatingIfNeeded: unit))
      } else {
        appendEscape(unit, to: &output)
      }
    }
  }

  private static func appendEscape(_ unit: UInt16, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\\"))
    switch unit {
    case 0x08: output.append(UInt8(ascii: "b"))
    case 0x09: output.append(UInt8(ascii: "t"))
    case 0x0A: output.append(UInt8(ascii: "n"))
    case 0x0C: output.append(UInt8(ascii: "f"))
    case 0x0D: output.append(UInt8(ascii: "r"))
    case 0x22, 0x5C: output.append(UInt8(truncatingIfNeeded: unit))
    default:
      output.append(UInt8(ascii: "u"))
      for shift in [12, 8, 4, 0] {
        let digit = UInt8(truncatingIfNeeded: unit >> UInt16(shift) & 0xF)
        output.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      }
    }
  }
}

/// Writes values one after another into a byte buffer.
struct JSONWriter {
  var output: [UInt8] = []
  private let style: JSONStyle

  init(_ style: JSONStyle) { self.style = style }

  mutating func write(_ value: JSON, depth: Int = 0) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .integer(let value): append(String(value))
    case .double(let value): append(value.isFinite ? value.pythonDescription : "null")
    case .string(let value): JSON.appendQuoted(value, escapeNonASCII: style.escapeNonASCII, to: &output)
    case .array(let elements):
      writeItems(elements, open: "[", close: "]", depth: depth) { writer, element in
        writer.write(element, depth: depth + 1)
      }
    case .object(let object):
      let members = style.sortKeys ? object.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } : nil
      writeItems(members ?? Array(object), open: "{", close: "}", depth: depth) { writer, member in
        JSON.appendQuoted(member.key, escapeNonASCII: writer.style.escapeNonASCII, to: &writer.output)
        writer.append(writer.style.keySeparator)
        writer.write(member.value, depth: depth + 1)
      }
    }
  }

  private mutating func writeItems<Item>(
    _ items: [Item], open: String, close: String, depth: Int, write: (inout JSONWriter, Item) -> Void
  ) {
    append(open)
    for (index, item) in items.enumerated() {
      if index > 0 { append(style.itemSeparator) }
      breakLine(depth: depth + 1)
      write(&self, item)
    }
    if !items.isEmpty { breakLine(depth: depth) }
    append(close)
  }

  private mutating func breakLine(depth: Int) {
    guard let indent = style.indent else { return }
    output.append(UInt8(ascii: "\n"))
    for _ in 0..<depth { append(indent) }
  }

  private mutating func append(_ text: String) { output.append(contentsOf: text.utf8) }
}
