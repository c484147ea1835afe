/// Bounds on what compiling and following one grammar may take. What exceeds them is refused with a `GrammarError`.
public struct GrammarLimits: Hashable, Sendable {
  /// How deep expressions may be nested.
  public var depth = 256
  /// Expressions in a definition, counted with repetitions.
  public var expressions = 2_000_000
  /// States of one terminal's automata: of the nondeterministic one after repetitions are expanded, and of
  /// each deterministic one that an intersection or difference needs.
  public var automatonStates = 200_000
  /// Nodes of the rules' network.
  public var networkNodes = 500_000
  /// How long compilation may take.
  public var time = Duration.seconds(2)
  /// How long compilation may then go on to find out about the vocabulary what matchers will want to know first.
  public var preparation = Duration.milliseconds(2)

  /// The default limits.
  public init() {}
}
