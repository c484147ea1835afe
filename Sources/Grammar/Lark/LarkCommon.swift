/// The terminals of Lark's module `common`, which grammars import.
enum LarkCommon {
  /// The texts of a terminal; nil if the module has none of this name.
  static func terminal(named name: String) -> GrammarExpression? { terminals[name] }

  private static let terminals: [String: GrammarExpression] = {
    let digit = GrammarExpression.characters(ScalarSet("0"..."9"))
    let lower = ScalarSet("a"..."z")
    let upper = ScalarSet("A"..."Z")
    let letters = lower.union(upper)
    let sign = GrammarExpression.optional(.characters(ScalarSet(of: "+-")))
    let int = atLeastOnce(digit)
    let decimal = GrammarExpression.choice([
      .sequence([int, .text("."), .optional(int)]), .sequence([.text("."), int]),
    ])
    let exponent = GrammarExpression.sequence([.characters(ScalarSet(of: "eE")), sign, int])
    let float = GrammarExpression.choice([
      .sequence([int, exponent]), .sequence([decimal, .optional(exponent)]),
    ])
    let number = GrammarExpression.choice([float, int])
    let lineFeed = GrammarExpression.text("\n")
    let restOfLine = GrammarExpression.anyNumber(of: .characters(ScalarSet(of: "\n").inverted))
    let word = letters.union(ScalarSet(of: "_"))
    let anything = GrammarExpression.anyNumber(of: .characters(.all))
    return [
      "DIGIT": digit,
      "HEXDIGIT": .characters(ScalarSet("a"..."f").union(ScalarSet("A"..."F")).union(ScalarSet("0"..."9"))),
      "INT": int,
      "SIGNED_INT": .sequence([sign, int]),
      "DECIMAL": decimal,
      "FLOAT": float,
      "SIGNED_FLOAT": .sequence([sign, float]),
      "NUMBER": number,
      "SIGNED_NUMBER": .sequence([sign, number]),
      "ESCAPED_STRING": .sequence([
        .text("\""),
        .anyNumber(
          of: .choice([
            .characters(ScalarSet(of: "\"\\\n").inverted),
            .sequence([.text("\\"), .characters(ScalarSet(of: "\n").inverted)]),
          ])),
        .text("\""),
      ]),
      "LCASE_LETTER": .characters(lower),
      "UCASE_LETTER": .characters(upper),
      "LETTER": .characters(letters),
      "WORD": atLeastOnce(.characters(letters)),
      "CNAME": .sequence([
        .characters(word), .anyNumber(of: .characters(word.union(ScalarSet("0"..."9")))),
      ]),
      "WS_INLINE": atLeastOnce(.characters(ScalarSet(of: " \t"))),
      "WS": atLeastOnce(.characters(ScalarSet(of: " \t\u{0C}\r\n"))),
      "CR": .text("\r"),
      "LF": lineFeed,
      "NEWLINE": atLeastOnce(.sequence([.optional(.text("\r")), lineFeed])),
      "SH_COMMENT": .sequence([.text("#"), restOfLine]),
      "CPP_COMMENT": .sequence([.text("//"), restOfLine]),
      "C_COMMENT": .sequence([
        .text("/*"), .difference(anything, .sequence([anything, .text("*/"), anything])), .text("*/"),
      ]),
      "SQL_COMMENT": .sequence([.text("--"), restOfLine]),
    ]
  }()

  private static func atLeastOnce(_ unit: GrammarExpression) -> GrammarExpression {
    .repetition(unit, atLeast: 1, atMost: nil)
  }
}
