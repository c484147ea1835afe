/// Bounds on what the parser accepts.
public struct JSONLimits: Sendable {
  /// How many arrays and objects may be open at once. Values beyond `highestDepth` act as `highestDepth`,
  /// which keeps recursion within any thread's stack.
  public var maximumDepth: Int
  /// The largest text read, in bytes.
  public var maximumByteCount: Int

  /// The deepest nesting that can be asked for.
  public static let highestDepth = 2048

  /// 512 levels, 128 MiB.
  public static let `default` = JSONLimits()

  /// Limits with the given values.
  public init(maximumDepth: Int = 512, maximumByteCount: Int = 128 << 20) {
    self.maximumDepth = maximumDepth
    self.maximumByteCount = maximumByteCount
  }
}

/// Why a text is not JSON, and where.
public struct JSONParseError: Error, Hashable {
  /// What is wrong at the position.
  public enum Reason: Sendable, Hashable {
    /// The text stops where `expected` should follow.
    case unexpectedEnd(expected: String)
    /// The byte cannot stand here.
    case unexpected(byte: UInt8, expected: String)
    /// Only white space may follow the value.
    case trailingContent
    /// A number that breaks the grammar, such as `01` or `1.`.
    case invalidNumber
    /// A number no double can hold.
    case numberOutOfRange
    /// A backslash followed by something that is no escape.
    case invalidEscape
    /// `\uD800`…`\uDFFF` that is not half of a pair: no Unicode text contains it.
    case loneSurrogate
    /// A raw byte below 0x20 inside a string.
    case controlCharacter(UInt8)
    /// Bytes that are not UTF-8 inside a string.
    case invalidUTF8
    /// More levels than the limit.
    case tooDeep(limit: Int)
    /// More bytes than the limit.
    case tooLarge(limit: Int, found: Int)
  }

  /// What is wrong.
  public let reason: Reason
  /// Bytes before the position.
  public let offset: Int
  /// Line of the position, from 1.
  public let line: Int
  /// Column of the position in Unicode scalars, from 1.
  public let column: Int

  init(_ reason: Reason, at offset: Int, in bytes: UnsafeBufferPointer<UInt8>) {
    self.reason = reason
    self.offset = offset
    var line = 1
    var column = 1
    for byte in bytes.prefix(offset) {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {  // Continuation bytes belong to the scalar before.
        column += 1
      }
    }
    self.line = line
    self.column = column
  }
}

extension JSONParseError: CustomStringConvertible {
  /// One sentence for people: reason, line and column.
  public var description: String { "\(reason) at line \(line) column \(column) (byte \(offset))" }
}

extension JSONParseError.Reason: CustomStringConvertible {
  /// The reason without its position.
  public var description: String {
    switch self {
    case .unexpectedEnd(let expected): "expected \(expected) but the text ends"
    case .unexpected(let byte, let expected): "expected \(expected), found \(Self.name(of: byte))"
    case .trailingContent: "unexpected content after the value"
    case .invalidNumber: "malformed number"
    case .numberOutOfRange: "number out of range"
    case .invalidEscape: "invalid escape in a string"
    case .loneSurrogate: "unpaired surrogate escape in a string"
    case .controlCharacter(let byte): "unescaped control character \(Self.name(of: byte)) in a string"
    case .invalidUTF8: "invalid UTF-8 in a string"
    case .tooDeep(let limit): "nested deeper than \(limit) levels"
    case .tooLarge(let limit, let found): "\(found) bytes exceed the limit of \(limit)"
    }
  }

  private static func name(of byte: UInt8) -> String {
    (0x21...0x7E).contains(byte)
      ? "'\(Character(UnicodeScalar(byte)))'" : "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}
