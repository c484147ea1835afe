/// The classes of characters that have names.
enum RegularExpressionClass {
  static let digits = ScalarSet("0"..."9")
  static let word = digits.union(ScalarSet("a"..."z")).union(ScalarSet("A"..."Z")).union(ScalarSet(of: "_"))
  /// Anything but line terminators.
  static let dot = ScalarSet(of: "\n\r\u{2028}\u{2029}").inverted

  /// White space by ECMA-262 and by Python's `re` alike.
  static let space = ScalarSet([
    0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
    0x205F...0x205F, 0x3000...0x3000,
  ])
  /// White space by either.
  static let spaceOfEither = space.union(ScalarSet([0x1C...0x1F, 0x85...0x85, 0xFEFF...0xFEFF]))
}

/// Character classes and escapes (ECMA-262, sections 22.2.2.7 to 22.2.2.9).
extension RegularExpressionParser {
  /// A set of characters, and those that are in none of its complements.
  struct Class {
    var set: ScalarSet
    /// What a negated class leaves out.
    var outside: ScalarSet
    /// The character, where it is a single one: it can begin or end a range.
    var single: Unicode.Scalar?

    init(_ set: ScalarSet) {
      self.set = set
      outside = set
    }

    init(_ set: ScalarSet, outside: ScalarSet) {
      self.set = set
      self.outside = outside
    }

    init(single scalar: Unicode.Scalar) {
      self.init(ScalarSet(scalar...scalar))
      single = scalar
    }
  }

  /// The rest of a class after its bracket.
  mutating func bracketed(from start: Int) throws(GrammarError) -> ScalarSet {
    let isNegated = take("^")
    var set: [ClosedRange<UInt32>] = []
    var outside: [ClosedRange<UInt32>] = []
    while !take("]") {
      let first = try member(from: start)
      if peek() == "-", let next = peek(1), next != "]" {
        let place = position
        advance()
        let last = try member(from: start)
        guard let lower = first.single, let upper = last.single, lower <= upper else {
          throw malformed("a range from one character to a later one", at: place)
        }
        set.append(lower.value...upper.value)
        outside.append(lower.value...upper.value)
      } else {
        set += first.set.ranges
        outside += first.outside.ranges
      }
    }
    return isNegated ? inAllCases(ScalarSet(outside)).inverted : inAllCases(ScalarSet(set))
  }

  private mutating func member(from start: Int) throws(GrammarError) -> Class {
    guard let scalar = peek() else { throw malformed("a closing bracket for this one", at: start) }
    advance()
    return scalar == "\\" ? try escape(inClass: true) : Class(single: scalar)
  }

  /// What follows a backslash.
  mutating func escape(inClass: Bool) throws(GrammarError) -> Class {
    let start = position - 1
    guard let scalar = peek() else { throw malformed("a character after the backslash") }
    advance()
    switch scalar {
    case "d": return Class(RegularExpressionClass.digits)
    case "D": return Class(RegularExpressionClass.digits.inverted)
    case "w": return Class(RegularExpressionClass.word)
    case "W": return Class(RegularExpressionClass.word.inverted)
    case "s": return Class(RegularExpressionClass.space, outside: RegularExpressionClass.spaceOfEither)
    case "S":
      return Class(RegularExpressionClass.spaceOfEither.inverted, outside: RegularExpressionClass.space.inverted)
    case "t": return Class(single: "\t")
    case "n": return Class(single: "\n")
    case "v": return Class(single: "\u{0B}")
    case "f": return Class(single: "\u{0C}")
    case "r": return Class(single: "\r")
    case "b" where inClass: return Class(single: "\u{08}")
    case "b", "B": throw unsupported("a word boundary", "say which characters stand there", at: start)
    case "c":
      guard let letter = peek(),
        letter.properties.isASCIIHexDigit || ("A"..."Z").contains(letter) || ("a"..."z").contains(letter),
        let control = Unicode.Scalar(letter.value & 31)
      else { throw malformed("a letter after \\c") }
      advance()
      return Class(single: control)
    case "0":
      if let next = peek(), ("0"..."9").contains(next) { throw malformed("no digit after \\0") }
      return Class(single: "\0")
    case "1"..."9": throw unsupported("a backreference", "repeat the group", at: start)
    case "k": throw unsupported("a backreference", "repeat the group", at: start)
    case "x": return Class(single: try hexadecimal(2, from: start))
    case "u": return Class(single: try unicodeEscape(from: start))
    case "p", "P": return try property(isNegated: scalar == "P", from: start)
    case "A", "Z", "z": throw unsupported("the anchor \\\(scalar)", "use ^ and $", at: start)
    default:
      guard !scalar.properties.isAlphabetic else { throw malformed("an escape that ECMA-262 knows", at: start) }
      return Class(single: scalar)
    }
  }

  private mutating func digits(_ count: Int, from start: Int) throws(GrammarError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let digit = peek(), let number = UInt32(String(digit), radix: 16) else {
        throw malformed("\(count) hexadecimal digits", at: start)
      }
      value = value * 16 + number
      advance()
    }
    return value
  }

  private mutating func hexadecimal(_ count: Int, from start: Int) throws(GrammarError) -> Unicode.Scalar {
    guard let scalar = Unicode.Scalar(try digits(count, from: start)) else {
      throw malformed("a character, and no half of a pair", at: start)
    }
    return scalar
  }

  private mutating func unicodeEscape(from start: Int) throws(GrammarError) -> Unicode.Scalar {
    var value: UInt32 = 0
    if take("{") {
      while let digit = peek(), digit != "}" {
        guard let number = UInt32(String(digit), radix: 16), value <= 0x10FFFF else {
          throw malformed("hexadecimal digits in braces", at: start)
        }
        value = value * 16 + number
        advance()
      }
      guard take("}") else { throw malformed("a closing brace", at: start) }
    } else {
      value = try digits(4, from: start)
      if (0xD800...0xDBFF).contains(value), peek() == "\\", peek(1) == "u" {
        advance()
        advance()
        let low = try digits(4, from: start)
        guard (0xDC00...0xDFFF).contains(low) else { throw malformed("the second half of a pair", at: start) }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
    }
    guard let scalar = Unicode.Scalar(value) else { throw malformed("a character, and no half of a pair", at: start) }
    return scalar
  }

  /// `\p{…}`: the general categories and their groups.
  private mutating func property(isNegated: Bool, from start: Int) throws(GrammarError) -> Class {
    guard take("{") else { throw malformed("a property in braces", at: start) }
    var name = ""
    while let scalar = peek(), scalar != "}" {
      name.unicodeScalars.append(scalar)
      advance()
    }
    guard take("}") else { throw malformed("a closing brace", at: start) }
    for prefix in ["General_Category=", "gc="] where name.hasPrefix(prefix) { name.removeFirst(prefix.count) }
    guard let set = UnicodeCategories.set(named: name) else {
      throw unsupported("the property \"\(name)\"", "use a general category, such as L, Lu or Nd", at: start)
    }
    return Class(isNegated ? set.inverted : set)
  }
}
