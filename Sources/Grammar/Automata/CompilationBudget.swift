/// What is left of the limits while one grammar is compiled, and the rule being worked on, for errors.
///
/// Not Sendable: it belongs to one compilation.
final class CompilationBudget {
  let limits: GrammarLimits
  /// The rule that errors name.
  var rule: String

  private let deadline: ContinuousClock.Instant
  private var expressions = 0
  private var untilClock = CompilationBudget.workPerClock

  /// Steps of some ten nanoseconds between two looks at the clock.
  private static let workPerClock = 4096

  init(_ limits: GrammarLimits, rule: String) {
    self.limits = limits
    self.rule = rule
    deadline = ContinuousClock.now + limits.time
  }

  /// Accounts for `work` small steps.
  func spend(_ work: Int = 1) throws(GrammarError) {
    untilClock -= work
    guard untilClock <= 0 else { return }
    untilClock = Self.workPerClock
    if ContinuousClock.now > deadline { throw .tooSlow(rule: rule, limit: limits.time) }
  }

  /// Accounts for an expression that is read, or copied from a rule.
  func spendExpression() throws(GrammarError) {
    expressions += 1
    try check(expressions, "expressions", limit: limits.expressions)
    try spend()
  }

  /// Throws if `count` is above `limit`.
  func check(_ count: Int, _ what: String, limit: Int) throws(GrammarError) {
    if count > limit { throw .tooLarge(rule: rule, what: what, limit: limit) }
  }
}
