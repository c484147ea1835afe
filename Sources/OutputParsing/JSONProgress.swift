/// Checks JSON text byte by byte: every byte so far can be part of a JSON value, or one of them shows that there is none.
struct JSONProgress: Sendable {
  private enum State: Sendable {
    /// In front of a value; `mayClose` right behind an opening bracket.
    case value(mayClose: Bool)
    /// In front of a member's name; `mayClose` right behind an opening brace.
    case key(mayClose: Bool)
    case colon
    case afterValue
    case string(isKey: Bool)
    case escape(isKey: Bool)
    /// In the digits of an escape; `follows` where it has to be the second half of a pair.
    case hexadecimal(digitsLeft: Int, unit: UInt16, follows: Bool, isKey: Bool)
    /// Behind the first half of a pair: in front of the second one's backslash, or of its `u`.
    case secondHalf(hasBackslash: Bool, isKey: Bool)
    case literal(rest: ArraySlice<UInt8>)
    case number(NumberPart)
  }

  private enum NumberPart: Sendable { case minus, zero, whole, point, fraction, exponentMark, exponentSign, exponent }

  private var state = State.value(mayClose: false)
  /// By level: whether it is an object, and not an array.
  private var levels: [Bool] = []

  /// Levels beyond this are refused, as by the JSON parser.
  private static let deepest = 512

  /// Objects and arrays that are open.
  var depth: Int { levels.count }

  /// Whether the next byte is part of a string.
  var isInString: Bool {
    switch state {
    case .string, .escape, .hexadecimal, .secondHalf: true
    default: false
    }
  }

  /// Takes the next byte. False, for good, if the text is no JSON.
  mutating func take(_ byte: UInt8) -> Bool {
    switch state {
    case .value(let mayClose): return byte.isWhitespace || beginValue(byte, mayClose: mayClose)
    case .key(let mayClose):
      if byte == UInt8(ascii: "\"") {
        state = .string(isKey: true)
        return true
      }
      return byte.isWhitespace || mayClose && close(byte)
    case .colon:
      if byte == UInt8(ascii: ":") { state = .value(mayClose: false) } else { return byte.isWhitespace }
      return true
    case .afterValue:
      guard byte == UInt8(ascii: ","), let isObject = levels.last else { return byte.isWhitespace || close(byte) }
      state = isObject ? .key(mayClose: false) : .value(mayClose: false)
      return true
    case .string(let isKey): return takeCharacter(byte, isKey: isKey)
    case .escape(let isKey):
      if byte == UInt8(ascii: "u") {
        state = .hexadecimal(digitsLeft: 4, unit: 0, follows: false, isKey: isKey)
        return true
      }
      state = .string(isKey: isKey)
      return "\"\\/bfnrt".utf8.contains(byte)
    case .hexadecimal(let digitsLeft, let unit, let follows, let isKey):
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return false }
      return takeDigit(unit << 4 | UInt16(digit), digitsLeft: digitsLeft - 1, follows: follows, isKey: isKey)
    case .secondHalf(let hasBackslash, let isKey):
      state =
        hasBackslash
        ? .hexadecimal(digitsLeft: 4, unit: 0, follows: true, isKey: isKey)
        : .secondHalf(hasBackslash: true, isKey: isKey)
      return byte == (hasBackslash ? UInt8(ascii: "u") : UInt8(ascii: "\\"))
    case .literal(let rest):
      guard byte == rest.first else { return false }
      state = rest.count > 1 ? .literal(rest: rest.dropFirst()) : .afterValue
      return true
    case .number(let part): return takeNumber(byte, after: part)
    }
  }

  private mutating func takeDigit(_ unit: UInt16, digitsLeft: Int, follows: Bool, isKey: Bool) -> Bool {
    guard digitsLeft == 0 else {
      state = .hexadecimal(digitsLeft: digitsLeft, unit: unit, follows: follows, isKey: isKey)
      return true
    }
    let isFirstHalf = UTF16.isLeadSurrogate(unit)
    state = isFirstHalf ? .secondHalf(hasBackslash: false, isKey: isKey) : .string(isKey: isKey)
    return UTF16.isTrailSurrogate(unit) == follows && !(isFirstHalf && follows)
  }

  private mutating func beginValue(_ byte: UInt8, mayClose: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "{"):
      levels.append(true)
      state = .key(mayClose: true)
      return depth <= Self.deepest
    case UInt8(ascii: "["):
      levels.append(false)
      state = .value(mayClose: true)
      return depth <= Self.deepest
    case UInt8(ascii: "\""): state = .string(isKey: false)
    case UInt8(ascii: "-"): state = .number(.minus)
    case UInt8(ascii: "0"): state = .number(.zero)
    case UInt8(ascii: "1")...UInt8(ascii: "9"): state = .number(.whole)
    case UInt8(ascii: "t"): state = .literal(rest: Array("rue".utf8)[...])
    case UInt8(ascii: "f"): state = .literal(rest: Array("alse".utf8)[...])
    case UInt8(ascii: "n"): state = .literal(rest: Array("ull".utf8)[...])
    default: return mayClose && close(byte)
    }
    return true
  }

  private mutating func close(_ byte: UInt8) -> Bool {
    guard let isObject = levels.last, byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { return false }
    levels.removeLast()
    state = .afterValue
    return true
  }

  private mutating func takeCharacter(_ byte: UInt8, isKey: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "\""): state = isKey ? .colon : .afterValue
    case UInt8(ascii: "\\"): state = .escape(isKey: isKey)
    default: return byte >= 0x20
    }
    return true
  }

  private mutating func takeNumber(_ byte: UInt8, after part: NumberPart) -> Bool {
    let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    let next: NumberPart? =
      switch (part, byte) {
      case (.minus, UInt8(ascii: "0")): .zero
      case (.minus, _) where isDigit, (.whole, _) where isDigit: .whole
      case (.point, _) where isDigit, (.fraction, _) where isDigit: .fraction
      case (.exponentMark, _) where isDigit, (.exponentSign, _) where isDigit, (.exponent, _) where isDigit: .exponent
      case (.zero, UInt8(ascii: ".")), (.whole, UInt8(ascii: ".")): .point
      case (.zero, UInt8(ascii: "e")), (.whole, UInt8(ascii: "e")), (.fraction, UInt8(ascii: "e")): .exponentMark
      case (.zero, UInt8(ascii: "E")), (.whole, UInt8(ascii: "E")), (.fraction, UInt8(ascii: "E")): .exponentMark
      case (.exponentMark, UInt8(ascii: "+")), (.exponentMark, UInt8(ascii: "-")): .exponentSign
      default: nil
      }
    if let next {
      state = .number(next)
      return true
    }
    switch part {
    case .zero, .whole, .fraction, .exponent:
      state = .afterValue
      return take(byte)
    case .minus, .point, .exponentMark, .exponentSign: return false
    }
  }
}
