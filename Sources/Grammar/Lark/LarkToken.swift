import JSON

/// A part of a Lark grammar's text.
struct LarkToken {
  enum Kind: Equatable {
    /// A name in lower case, without the marks before it.
    case rule(String)
    /// A name in upper case.
    case terminal(String)
    /// The text of a string, and whether upper and lower case are the same.
    case string(String, ignoresCase: Bool)
    /// A pattern as written between its slashes, and its flags.
    case pattern(String, flags: String)
    case number(Int)
    /// A directive by its name, such as `ignore`.
    case directive(String)
    /// A directive that is followed by a JSON value.
    case json(String, JSON)
    /// `<name>`, which stands for a special token, or `@name`, for another grammar.
    case reference(String)
    /// An operator or bracket.
    case mark(String)
    case lineEnd
    case end
  }

  let kind: Kind
  /// Where it begins in the text.
  let place: Int
}
