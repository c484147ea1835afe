/// How a JSON Schema becomes a grammar.
public struct JSONSchemaOptions: Hashable, Sendable {
  /// Where documents may have white space.
  public enum Whitespace: Hashable, Sendable {
    /// Nowhere: `{"a":[1,2]}`.
    case compact
    /// Up to this many blanks, tabs, line feeds and carriage returns between any two tokens; none before or after
    /// the document.
    case flexible(limit: Int)
  }

  /// Where documents may have white space. By default up to 64 characters between tokens.
  public var whitespace = Whitespace.flexible(limit: 64)
  /// Bounds on the work.
  public var limits = JSONSchemaLimits()

  /// The default options.
  public init() {}
}

/// Bounds on what one schema may take. What exceeds them is refused with a `JSONSchemaError`.
public struct JSONSchemaLimits: Hashable, Sendable {
  /// Schemas within the schema.
  public var schemas = 20_000
  /// How deep schemas and the values in `enum` and `const` may be nested.
  public var depth = 128
  /// Values in all `enum` and `const` together.
  public var values = 50_000
  /// Ways to satisfy one place, after `anyOf`, `oneOf`, `not` and the like are multiplied out.
  public var alternatives = 1_000
  /// Combinations of schemas that hold at one place, and other rules of the grammar.
  public var rules = 50_000
  /// Distinct regular expressions that one object's names are told apart by.
  public var namePatterns = 6
  /// States of the automaton of one numeric range.
  public var numberStates = 100_000

  /// The default limits.
  public init() {}
}
