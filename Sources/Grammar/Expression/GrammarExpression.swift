/// A set of byte strings, composed of smaller ones.
///
/// Texts are UTF-8 bytes; nothing is implied between the parts of a sequence. Where JSON allows white space, the
/// expression says so, for instance with a rule `ws` that is `.repetition(.byteClass(ByteSet([0x20, 0x0A])), 0, nil)`.
///
/// **Regular parts and rules.** What uses no recursive rule is regular and becomes one automaton, a *terminal*. A
/// `.rule` is a boundary between automata (only loop-free small rules are inlined), and what a terminal allows is
/// computed once for all its uses, in whatever grammar of the same tokenizer. So give each lexical unit, such as the
/// body of a JSON string with its closing quote, a number, or a format, a rule of its own and refer to it, instead of
/// repeating its expression in every place.
///
/// **Large bounds.** A repetition whose bounds are large is counted, not expanded: `.repetition(character, 0,
/// 100_000)` takes as many automaton states as one `character`. This holds where the unit is a *prefix code*, that is,
/// where no text of the unit begins another one and none is empty (one character, or one character or its JSON escape),
/// and for units that need recursion or stand for whole values, at the price of a parser item for each. Other units
/// with large bounds are expanded within the limits on states.
///
/// **Several conditions on one text**, such as JSON Schema's `pattern`, `format` and `maxLength` together, are
/// `.intersection([pattern, .repetition(character, 0, maximum)])`; numeric ranges are regular and are intersected in
/// the same way. What an intersection or difference combines must be regular.
///
/// Expressions nested deeper than `GrammarLimits.depth` are refused.
public indirect enum GrammarExpression: Hashable, Sendable {
  /// Exactly these bytes; the empty text if there are none.
  case bytes([UInt8])
  /// One byte of the set.
  case byteClass(ByteSet)
  /// One Unicode scalar of the set, in UTF-8.
  case characters(ScalarSet)
  /// One text of each part, one after the other; the empty text if there are no parts.
  case sequence([GrammarExpression])
  /// A text of any alternative; nothing, not even the empty text, if there are none.
  case choice([GrammarExpression])
  /// Between `atLeast` and `atMost` texts of the expression in a row; without `atMost` any number from `atLeast` on.
  case repetition(GrammarExpression, atLeast: Int, atMost: Int?)
  /// The texts that all operands have. Regular operands only.
  case intersection([GrammarExpression])
  /// The texts of the first that the second does not have. Regular operands only.
  case difference(GrammarExpression, GrammarExpression)
  /// A text that the automaton accepts.
  case automaton(TransitionTable)
  /// A text of the rule of this name.
  case rule(String)
}

extension GrammarExpression {
  /// The text's UTF-8 bytes.
  public static func text(_ text: String) -> GrammarExpression { .bytes(Array(text.utf8)) }

  /// The special token at this position in the vocabulary's list of markers, and no text that looks like it.
  public static func marker(_ position: Int) -> GrammarExpression { .bytes(TokenVocabulary.text(ofMarker: position)) }

  /// The empty text.
  public static var empty: GrammarExpression { .sequence([]) }

  /// No text at all.
  public static var nothing: GrammarExpression { .choice([]) }

  /// The expression or the empty text.
  public static func optional(_ expression: GrammarExpression) -> GrammarExpression {
    .repetition(expression, atLeast: 0, atMost: 1)
  }

  /// Any number of texts of the expression.
  public static func anyNumber(of expression: GrammarExpression) -> GrammarExpression {
    .repetition(expression, atLeast: 0, atMost: nil)
  }

  /// Any text.
  static var anyText: GrammarExpression { .anyNumber(of: .characters(.all)) }

  /// Any bytes: quicker to combine than texts, where something else sees to it that there are only texts.
  static var anyBytes: GrammarExpression { .anyNumber(of: .byteClass(.all)) }

  /// Any bytes in which there is a text of the expression.
  static func containing(_ expression: GrammarExpression) -> GrammarExpression {
    .sequence([anyBytes, expression, anyBytes])
  }
}
