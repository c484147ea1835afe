import JSON

/// What `%llguidance` says.
struct LarkOptions {
  /// Whether what is ignored may come before the first lexeme, too.
  private(set) var ignoresBeforeFirst = false
  /// Whether what is ignored is ignored once between two lexemes, instead of any number of times.
  private(set) var ignoresOnce = false

  mutating func read(_ value: JSON, _ text: GrammarText, at place: Int) throws(GrammarError) {
    guard case .object(let members) = value else { throw text.malformed("an object after %llguidance", at: place) }
    for (name, value) in members {
      switch (name, value) {
      case ("allow_initial_skip", .bool(let flag)): ignoresBeforeFirst = flag
      case ("skip_repetition", .string("once")): ignoresOnce = true
      case ("skip_repetition", .string("repeat")): ignoresOnce = false
      // Which texts match does not depend on how forced tokens are found.
      case ("no_forcing", .bool): break
      default:
        throw text.unsupported(
          "\(name): \(value) in %llguidance", "use allow_initial_skip, skip_repetition or no_forcing", at: place)
      }
    }
  }
}
