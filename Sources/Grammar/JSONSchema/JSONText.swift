import JSON

/// The grammar of JSON's tokens (RFC 8259).
///
/// A *free* string takes every escape. In strings whose content a schema constrains, and in the names of members,
/// characters are written as themselves, or as the escape that JSON requires or names: `\"`, `\\`, `\/`, `\n` and the
/// like, and `\u00xx` for control characters.
enum JSONText {
  /// Names of the rules that every schema's grammar shares.
  static let whitespaceRule = "white space"
  static let stringRule = "string"
  static let numberRule = "number"
  static let integerRule = "integer"
  static let valueRule = "value"
  static let objectRule = "object"
  static let arrayRule = "array"

  private static let quote = GrammarExpression.text("\"")
  private static let hexadecimal = ByteSet(Array("0123456789abcdefABCDEF".utf8))

  // MARK: - Characters

  /// Characters that stand for themselves in a string.
  static let plainCharacters = ScalarSet([0x20...0x21, 0x23...0x5B, 0x5D...0x10FFFF])

  /// One character of a free string: itself, or any escape of it. `\u` escapes of half a pair are none.
  static let freeCharacter: GrammarExpression = .choice([
    .characters(plainCharacters),
    .sequence([.text("\\"), .byteClass(ByteSet(Array("\"\\/bfnrt".utf8)))]),
    .sequence([.text("\\u"), unpaired]),
    .sequence([.text("\\u"), surrogate("89abAB"), .text("\\u"), surrogate("cdefCDEF")]),
  ])

  /// Four hexadecimal digits outside of D800 to DFFF.
  private static let unpaired: GrammarExpression = {
    let digit = GrammarExpression.byteClass(hexadecimal)
    return .choice([
      .sequence([.byteClass(ByteSet(Array("0123456789abcefABCEF".utf8))), digit, digit, digit]),
      .sequence([.byteClass(ByteSet(Array("dD".utf8))), .byteClass(ByteSet(Array("01234567".utf8))), digit, digit]),
    ])
  }()

  private static func surrogate(_ second: String) -> GrammarExpression {
    .sequence([
      .byteClass(ByteSet(Array("dD".utf8))), .byteClass(ByteSet(Array(second.utf8))), .byteClass(hexadecimal),
      .byteClass(hexadecimal),
    ])
  }

  /// The characters of the set, as a constrained string has them.
  static func encoded(_ set: ScalarSet) -> GrammarExpression {
    let plain = set.intersection(plainCharacters)
    var ways: [GrammarExpression] = plain.isEmpty ? [] : [.characters(plain)]
    for range in set.subtracting(plainCharacters).union(set.intersection(ScalarSet(of: "/"))).ranges {
      for value in range { ways += escapes(of: UInt8(truncatingIfNeeded: value)) }
    }
    return ways.count == 1 ? ways[0] : .choice(ways)
  }

  private static let namedEscapes: [UInt8: Character] = [
    0x08: "b", 0x09: "t", 0x0A: "n", 0x0C: "f", 0x0D: "r", 0x22: "\"", 0x2F: "/", 0x5C: "\\",
  ]

  private static func escapes(of byte: UInt8) -> [GrammarExpression] {
    var ways: [GrammarExpression] = []
    if let name = namedEscapes[byte] { ways.append(.text("\\\(name)")) }
    if byte < 0x20 {
      let digit = String(byte & 15, radix: 16)
      ways.append(
        .sequence([
          .text("\\u00\(byte >> 4)"), .byteClass(ByteSet(Array((digit + digit.uppercased()).utf8))),
        ]))
    }
    return ways
  }

  /// The expression over a string's content as one over the string's text. Nil where it is not made of characters.
  static func encoded(_ content: GrammarExpression) -> GrammarExpression? {
    switch content {
    case .characters(let set): return encoded(set)
    case .bytes(let bytes): return String(validating: bytes, as: UTF8.self).map(encoded)
    case .byteClass(let set):
      guard set.bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
      return encoded(ScalarSet(set.bytes.map { UInt32($0)...UInt32($0) }))
    case .sequence(let parts): return encoded(parts).map { .sequence($0) }
    case .choice(let parts): return encoded(parts).map { .choice($0) }
    case .intersection(let parts): return encoded(parts).map { .intersection($0) }
    case .repetition(let unit, let atLeast, let atMost):
      return encoded(unit).map { .repetition($0, atLeast: atLeast, atMost: atMost) }
    case .difference(let left, let right):
      guard let left = encoded(left), let right = encoded(right) else { return nil }
      return .difference(left, right)
    case .automaton, .rule: return nil
    }
  }

  private static func encoded(_ parts: [GrammarExpression]) -> [GrammarExpression]? {
    var result: [GrammarExpression] = []
    for part in parts {
      guard let part = encoded(part) else { return nil }
      result.append(part)
    }
    return result
  }

  /// Exactly this content.
  static func encoded(_ text: String) -> GrammarExpression {
    var parts: [GrammarExpression] = []
    var run: [UInt8] = []
    for scalar in text.unicodeScalars {
      if plainCharacters.contains(scalar), scalar != "/" {
        run += Array(String(scalar).utf8)
        continue
      }
      if !run.isEmpty { parts.append(.bytes(run)) }
      run = []
      parts.append(encoded(ScalarSet(of: String(scalar))))
    }
    if !run.isEmpty || parts.isEmpty { parts.append(.bytes(run)) }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  /// One character of a constrained string.
  static let constrainedCharacter = encoded(ScalarSet.all)

  /// A string of the encoded content.
  static func string(_ content: GrammarExpression) -> GrammarExpression { .sequence([quote, content, quote]) }

  // MARK: - Numbers

  /// How many digits numbers have before and after the point, where no bound asks for more. With them, every
  /// number that can be written is finite as a 64-bit floating-point number and no reader's limit on digits is met.
  static let wholeDigits = 64
  static let fractionDigits = 64

  private static func digits(_ range: ClosedRange<UInt8>, _ atLeast: Int = 1, _ atMost: Int = 1) -> GrammarExpression {
    let digit = GrammarExpression.byteClass(ByteSet((range.lowerBound + 48)...(range.upperBound + 48)))
    return atLeast == 1 && atMost == 1 ? digit : .repetition(digit, atLeast: atLeast, atMost: atMost)
  }

  /// Whole numbers without fraction and exponent.
  static let integer: GrammarExpression = .sequence([
    .optional(.text("-")),
    .choice([.text("0"), .sequence([digits(1...9), digits(0...9, 0, wholeDigits - 1)])]),
  ])

  /// All numbers. Exponents go up to 239, so that the number stays finite with 64 digits before the point.
  static let number: GrammarExpression = {
    let upTo239: GrammarExpression = .choice([
      digits(0...9, 1, 2), .sequence([digits(0...1), digits(0...9), digits(0...9)]),
      .sequence([.text("2"), digits(0...3), digits(0...9)]),
    ])
    return .sequence([
      integer,
      .optional(.sequence([.text("."), digits(0...9, 1, fractionDigits)])),
      .optional(
        .sequence([
          .byteClass(ByteSet(Array("eE".utf8))),
          .choice([.sequence([.optional(.text("+")), upTo239]), .sequence([.text("-"), digits(0...9, 1, 3)])]),
        ])),
    ])
  }()

  // MARK: - Rules

  /// The rules that every schema's grammar shares, with white space as the options have it.
  static func sharedRules(_ whitespace: JSONSchemaOptions.Whitespace) -> [String: GrammarExpression] {
    let space = GrammarExpression.rule(whitespaceRule)
    let blank = GrammarExpression.byteClass(ByteSet([0x20, 0x09, 0x0A, 0x0D]))
    let limit: Int =
      switch whitespace {
      case .compact: 0
      case .flexible(let limit): max(0, limit)
      }
    let member: GrammarExpression = .sequence([.rule(stringRule), space, .text(":"), space, .rule(valueRule)])
    return [
      whitespaceRule: .repetition(blank, atLeast: 0, atMost: limit),
      stringRule: string(.anyNumber(of: freeCharacter)),
      numberRule: number,
      integerRule: integer,
      valueRule: .choice([
        .text("null"), .text("true"), .text("false"), .rule(numberRule), .rule(stringRule), .rule(arrayRule),
        .rule(objectRule),
      ]),
      arrayRule: .sequence([.text("["), space, list(of: .rule(valueRule), space: space), .text("]")]),
      objectRule: .sequence([.text("{"), space, list(of: member, space: space), .text("}")]),
    ]
  }

  /// Any number of items between commas, each item and comma followed by white space.
  private static func list(of item: GrammarExpression, space: GrammarExpression) -> GrammarExpression {
    .optional(.sequence([item, space, .anyNumber(of: .sequence([.text(","), space, item, space]))]))
  }
}
