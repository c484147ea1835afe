import Grammar
import TestSupport

/// Makes small grammars of every kind of expression, over few characters, so that texts have many readings.
struct RandomGrammar {
  var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  static let alphabet = ["a", ",", "é"].map { Array($0.utf8) }

  mutating func definition() -> GrammarDefinition {
    let count = Int.random(in: 1...4, using: &random)
    let names = (0..<count).map { "r\($0)" }
    var definition = GrammarDefinition(root: "r0")
    for name in names { definition[name] = expression(depth: 3, rules: names) }
    return definition
  }

  /// - Parameter rules: The rules to use; none makes it regular.
  mutating func expression(depth: Int, rules: [String]) -> GrammarExpression {
    let kinds = depth == 0 ? 0...(rules.isEmpty ? 3 : 5) : 0...11
    switch Int.random(in: kinds, using: &random) {
    case 0: return .bytes([])
    case 1: return .bytes(text())
    case 2: return .byteClass(ByteSet([0x61, 0x2C].filter { _ in Bool.random(using: &random) } + [0x2C]))
    case 3: return .characters(Bool.random(using: &random) ? ScalarSet(of: "a,é") : ScalarSet(of: ",é"))
    case 4, 5:
      guard let rule = rules.randomElement(using: &random) else { return .bytes(text()) }
      return .rule(rule)
    case 6:
      return .choice(
        (0..<Int.random(in: 0...3, using: &random)).map { _ in expression(depth: depth - 1, rules: rules) })
    case 7, 8:
      return .sequence(
        (0..<Int.random(in: 1...3, using: &random)).map { _ in expression(depth: depth - 1, rules: rules) })
    case 9, 10:
      let (atLeast, atMost) = bounds()
      return .repetition(expression(depth: depth - 1, rules: rules), atLeast: atLeast, atMost: atMost)
    default: return combination()
    }
  }

  private mutating func bounds() -> (Int, Int?) {
    let atLeast = Int.random(in: 0...2, using: &random)
    return switch Int.random(in: 0...3, using: &random) {
    case 0: (atLeast, nil)
    case 1: (atLeast, atLeast + Int.random(in: 0...2, using: &random))
    // Enough for wide units to be counted.
    default: (atLeast, 9 + Int.random(in: 0...3, using: &random))
    }
  }

  /// An intersection or difference whose unfinished texts the reference can finish.
  private mutating func combination() -> GrammarExpression {
    let first = shortExpression()
    let second = shortExpression()
    switch Int.random(in: 0...2, using: &random) {
    case 0: return .difference(first, second)
    case 1: return .intersection([first, second])
    default:
      // A text and the bounds on its length.
      let atLeast = Int.random(in: 0...1, using: &random)
      let length = GrammarExpression.repetition(
        .characters(.all), atLeast: atLeast, atMost: atLeast + 9 + Int.random(in: 0...3, using: &random))
      return .intersection([first, length])
    }
  }

  private mutating func shortExpression() -> GrammarExpression {
    let letter = GrammarExpression.characters(
      ScalarSet(of: ["a", "a,", "a,é", "é"].randomElement(using: &random) ?? "a"))
    // An even number of commas.
    let even = TransitionTable(alphabet: [0x2C], targets: [1, 0], accepting: [true, false])
    return switch Int.random(in: 0...4, using: &random) {
    case 0: .anyNumber(of: letter)
    case 4: even.map { .automaton($0) } ?? .nothing
    case 1: .sequence([letter, .anyNumber(of: .characters(ScalarSet(of: "a,é")))])
    case 2: .repetition(letter, atLeast: 0, atMost: 2)
    default: .anyNumber(of: .choice([.bytes(text()), letter]))
    }
  }

  mutating func text() -> [UInt8] {
    (0..<Int.random(in: 1...3, using: &random)).flatMap { _ in Self.alphabet.randomElement(using: &random) ?? [] }
  }

  /// The single bytes, and other tokens of up to four bytes, which cut characters anywhere; then an end token and one
  /// that is special.
  mutating func vocabulary(tokens: Int) -> [[UInt8]?] {
    var texts: [[UInt8]?] = [[0x61], [0x2C], [0xC3], [0xA9], [0x63]]
    for _ in 0..<tokens {
      let text = (0..<3).flatMap { _ in Self.alphabet.randomElement(using: &random) ?? [] }
      let start = Int.random(in: 0..<text.count, using: &random)
      texts.append(Array(text[start...].prefix(Int.random(in: 1...4, using: &random))))
    }
    return texts + [nil, nil]
  }
}
