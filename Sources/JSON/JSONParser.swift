extension JSON {
  /// Reads one JSON text (RFC 8259) with nothing but white space around it.
  ///
  /// Numbers without fraction and exponent become `.integer` where 64 bits hold them, all others `.double`,
  /// which is how Python's `json` tells `int` from `float`. Unlike Python, `NaN`, `Infinity`, numbers beyond
  /// the range of a double and unpaired surrogate escapes are errors.
  public init(parsing bytes: some Collection<UInt8>, limits: JSONLimits = .default) throws(JSONParseError) {
    // `withContiguousStorageIfAvailable` cannot rethrow a typed error, hence the detour over Result.
    let parsed = bytes.withContiguousStorageIfAvailable { Self.parse($0, limits: limits) }
    if let parsed {
      self = try parsed.get()
    } else {
      self = try Array(bytes).withUnsafeBufferPointer { Self.parse($0, limits: limits) }.get()
    }
  }

  /// Reads one JSON text from a string. See `init(parsing:limits:)` for bytes.
  public init(parsing text: String, limits: JSONLimits = .default) throws(JSONParseError) {
    var text = text
    self = try text.withUTF8 { Self.parse($0, limits: limits) }.get()
  }

  private static func parse(
    _ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits
  ) -> Result<JSON, JSONParseError> {
    var parser = JSONParser(bytes, limits: limits)
    do throws(JSONParseError) {
      return .success(try parser.document())
    } catch {
      return .failure(error)
    }
  }
}

/// A recursive-descent parser over bytes; recursion is bounded by the depth limit.
struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0
  private let limits: JSONLimits
  private let maximumDepth: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
    maximumDepth = min(limits.maximumDepth, JSONLimits.highestDepth)
  }

  mutating func document() throws(JSONParseError) -> JSON {
    guard bytes.count <= limits.maximumByteCount else {
      throw JSONParseError(.tooLarge(limit: limits.maximumByteCount, found: bytes.count), at: 0, in: bytes)
    }
    skipWhitespace()
    let value = try value(depth: 0)
    skipWhitespace()
    guard position == bytes.count else { throw failure(.trailingContent) }
    return value
  }

  private mutating func value(depth: Int) throws(JSONParseError) -> JSON {
    guard let byte = peek() else { throw failure(.unexpectedEnd(expected: "a value")) }
    switch byte {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
    case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: throw failure(.unexpected(byte: byte, expected: "a value"))
    }
  }

  private mutating func object(depth: Int) throws(JSONParseError) -> JSONObject {
    guard depth <= maximumDepth else { throw failure(.tooDeep(limit: maximumDepth)) }
    position += 1
    var object = JSONObject()
    skipWhitespace()
    if skip(UInt8(ascii: "}")) { return object }
    while true {
      guard peek() == UInt8(ascii: "\"") else { throw unexpected("a key in quotes") }
      let key = try string()
      skipWhitespace()
      guard skip(UInt8(ascii: ":")) else { throw unexpected("':'") }
      skipWhitespace()
      object[key] = try value(depth: depth)
      skipWhitespace()
      if skip(UInt8(ascii: "}")) { return object }
      guard skip(UInt8(ascii: ",")) else { throw unexpected("',' or '}'") }
      skipWhitespace()
    }
  }

  private mutating func array(depth: Int) throws(JSONParseError) -> [JSON] {
    guard depth <= maximumDepth else { throw failure(.tooDeep(limit: maximumDepth)) }
    position += 1
    var array: [JSON] = []
    skipWhitespace()
    if skip(UInt8(ascii: "]")) { return array }
    while true {
      array.append(try value(depth: depth))
      skipWhitespace()
      if skip(UInt8(ascii: "]")) { return array }
      guard skip(UInt8(ascii: ",")) else { throw unexpected("',' or ']'") }
      skipWhitespace()
    }
  }

  private mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONParseError) -> JSON {
    for index in 0..<word.utf8CodeUnitCount where peek(index) != word.utf8Start[index] {
      throw failure(peek().map { .unexpected(byte: $0, expected: "a value") } ?? .unexpectedEnd(expected: "a value"))
    }
    position += word.utf8CodeUnitCount
    return value
  }

  // MARK: - Numbers

  private mutating func number() throws(JSONParseError) -> JSON {
    let start = position
    let isNegative = skip(UInt8(ascii: "-"))
    let firstDigit = position
    guard skipDigits() > 0 else { throw failure(.invalidNumber) }
    if bytes[firstDigit] == UInt8(ascii: "0"), position > firstDigit + 1 { throw failure(.invalidNumber, at: start) }

    var isInteger = true
    if skip(UInt8(ascii: ".")) {
      isInteger = false
      guard skipDigits() > 0 else { throw failure(.invalidNumber, at: start) }
    }
    if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
      isInteger = false
      if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
      guard skipDigits() > 0 else { throw failure(.invalidNumber, at: start) }
    }
    if isInteger, let value = integer(firstDigit..<position, isNegative: isNegative) { return .integer(value) }

    let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
    guard let value = Double(text), value.isFinite else { throw failure(.numberOutOfRange, at: start) }
    return .double(value)
  }

  /// The digits as an integer, or nil where 64 bits do not hold it.
  private func integer(_ digits: Range<Int>, isNegative: Bool) -> Int? {
    var value = 0
    for byte in bytes[digits] {
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
      let digit = Int(byte &- UInt8(ascii: "0"))
      // Counting downwards for negative numbers reaches the smallest integer too.
      let (sum, carry) =
        isNegative ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
      if overflow || carry { return nil }
      value = sum
    }
    return value
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while let byte = peek(), byte &- UInt8(ascii: "0") < 10 { position += 1 }
    return position - start
  }

  // MARK: - Bytes

  func peek(_ distance: Int = 0) -> UInt8? {
    position + distance < bytes.count ? bytes[position + distance] : nil
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipWhitespace() {
    while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  func failure(_ reason: JSONParseError.Reason, at offset: Int? = nil) -> JSONParseError {
    JSONParseError(reason, at: offset ?? position, in: bytes)
  }

  private func unexpected(_ expected: String) -> JSONParseError {
    failure(peek().map { .unexpected(byte: $0, expected: expected) } ?? .unexpectedEnd(expected: expected))
  }
}
