import JSON
import Testing

struct JSONParserTests {
  @Test(
    arguments: [
      ("null", JSON.null), ("true", true), ("false", false), ("0", 0), ("-0", 0), ("-12", -12), ("1.0", 1.0),
      ("1e2", 100.0), ("-1.5E-3", -0.0015), ("\"\"", ""), ("\"a\\u0041\\n\"", "aA\n"), ("[1, [2]]", [1, [2]]),
      ("{\"a\": {}, \"b\": []}", ["a": [:], "b": []]), ("9223372036854775808", 9_223_372_036_854_775_808.0),
      ("-9223372036854775808", .integer(.min)), ("\"\\uD834\\uDD1E\"", "\u{1D11E}"), ("\t\r\n 1 \t\r\n", 1),
    ] as [(String, JSON)])
  func reads(text: String, expected: JSON) throws {
    #expect(try JSON(parsing: text) == expected)
    #expect(try JSON(parsing: Array(text.utf8)) == expected)
    #expect(try JSON(parsing: Array(text.utf8)[...].lazy.map { $0 }) == expected)
  }

  @Test(
    arguments: [
      ("", JSONParseError.Reason.unexpectedEnd(expected: "a value"), 0),
      ("[1,\n 2,\n}", .unexpected(byte: 0x7D, expected: "a value"), 8),
      ("{\"a\" 1}", .unexpected(byte: 0x31, expected: "':'"), 5),
      ("{a: 1}", .unexpected(byte: 0x61, expected: "a key in quotes"), 1),
      ("{\"a\": 1,}", .unexpected(byte: 0x7D, expected: "a key in quotes"), 8),
      ("[1 2]", .unexpected(byte: 0x32, expected: "',' or ']'"), 3),
      ("{\"a\":1", .unexpectedEnd(expected: "',' or '}'"), 6),
      ("1 1", .trailingContent, 2), ("01", .invalidNumber, 0), ("-", .invalidNumber, 1), ("1.", .invalidNumber, 0),
      ("1e", .invalidNumber, 0), ("1e+", .invalidNumber, 0), ("1e999", .numberOutOfRange, 0),
      ("+1", .unexpected(byte: 0x2B, expected: "a value"), 0), (".5", .unexpected(byte: 0x2E, expected: "a value"), 0),
      ("NaN", .unexpected(byte: 0x4E, expected: "a value"), 0),
      ("Infinity", .unexpected(byte: 0x49, expected: "a value"), 0),
      ("-Infinity", .invalidNumber, 1), ("nul", .unexpected(byte: 0x6E, expected: "a value"), 0),
      ("\"a", .unexpectedEnd(expected: "'\"'"), 2), ("\"a\\", .unexpectedEnd(expected: "an escape"), 3),
      ("\"\\x\"", .invalidEscape, 1), ("\"\\u12G4\"", .invalidEscape, 1),
      ("\"\\u12", .unexpectedEnd(expected: "four hexadecimal digits"), 5),
      ("\"ab\\ud800\"", .loneSurrogate, 3), ("\"\\ud800\\u0041\"", .loneSurrogate, 1),
      ("\"\\udc00\"", .loneSurrogate, 1), ("\"a\nb\"", .controlCharacter(0x0A), 2),
      ("'a'", .unexpected(byte: 0x27, expected: "a value"), 0),
    ] as [(String, JSONParseError.Reason, Int)])
  func refuses(text: String, reason: JSONParseError.Reason, offset: Int) {
    let error = #expect(throws: JSONParseError.self) { try JSON(parsing: text) }
    #expect(error?.reason == reason)
    #expect(error?.offset == offset)
  }

  @Test func countsColumnsInScalars() throws {
    let error = try #require(throws: JSONParseError.self) { try JSON(parsing: "{\n \"é😀\": x}") }
    #expect((error.line, error.column, error.offset) == (2, 8, 13))
    #expect(error.description == "expected a value, found 'x' at line 2 column 8 (byte 13)")
  }

  @Test(
    arguments: [
      ([0x22, 0x61, 0xFF, 0x22], 2), ([0x22, 0xC0, 0x80, 0x22], 1), ([0x22, 0xC3, 0xA9, 0xE2, 0x82, 0x22], 3),
      ([0x22, 0xED, 0xA0, 0x80, 0x22], 1), ([0x22, 0x5C, 0x6E, 0xF4, 0x90, 0x80, 0x80, 0x22], 3),
    ] as [([UInt8], Int)])
  func refusesInvalidUTF8(bytes: [UInt8], offset: Int) throws {
    let error = try #require(throws: JSONParseError.self) { try JSON(parsing: bytes) }
    #expect(error.reason == .invalidUTF8)
    #expect(error.offset == offset)
  }

  @Test func boundsDepthAndSize() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(throws: Never.self) { try JSON(parsing: nested(512)) }
    var error = try #require(throws: JSONParseError.self) { try JSON(parsing: nested(513)) }
    #expect(error.reason == .tooDeep(limit: 512))
    #expect(error.offset == 512)
    error = try #require(throws: JSONParseError.self) {
      try JSON(parsing: nested(100_000), limits: JSONLimits(maximumDepth: .max))
    }
    #expect(error.reason == .tooDeep(limit: JSONLimits.highestDepth))
    error = try #require(throws: JSONParseError.self) {
      try JSON(parsing: "[1, 2]", limits: JSONLimits(maximumByteCount: 5))
    }
    #expect(error.reason == .tooLarge(limit: 5, found: 6))
  }
}
