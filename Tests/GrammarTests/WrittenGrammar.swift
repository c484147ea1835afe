import Grammar
import TestSupport

/// A small grammar as an author might write it, over the same characters as `RandomGrammar`'s.
indirect enum WrittenGrammar {
  case text(String)
  case oneOf(String)
  /// The rule of this number; 0 is the one that documents follow.
  case rule(Int)
  case sequence([WrittenGrammar])
  case choice([WrittenGrammar])
  case repetition(WrittenGrammar, atLeast: Int, atMost: Int?)

  /// - Parameter rules: How many there are to use; none makes it regular.
  static func random(depth: Int, rules: Int, _ random: inout SplitMix64) -> WrittenGrammar {
    let kind = Int.random(in: depth == 0 ? 0...(rules > 0 ? 4 : 3) : 0...9, using: &random)
    switch kind {
    case 0, 1:
      return .text((0..<Int.random(in: 1...3, using: &random)).map { _ in ["a", ",", "é"].random(&random) }.joined())
    case 2, 3: return .oneOf(["a,é", ",é", "a,"].random(&random))
    case 4 where rules > 0, 5 where rules > 0:
      return .rule(Int.random(in: 0..<rules, using: &random))
    case 4...6:
      return .choice(
        (0..<Int.random(in: 1...3, using: &random)).map { _ in self.random(depth: depth - 1, rules: rules, &random) })
    case 7, 8:
      return .sequence(
        (0..<Int.random(in: 1...3, using: &random)).map { _ in self.random(depth: depth - 1, rules: rules, &random) })
    default:
      let atLeast = Int.random(in: 0...2, using: &random)
      let atMost = [nil, max(1, atLeast), atLeast + 2, atLeast + 10].random(&random)
      return .repetition(self.random(depth: depth - 1, rules: rules, &random), atLeast: atLeast, atMost: atMost)
    }
  }

  /// What it means.
  func expression(_ names: [String]) -> GrammarExpression {
    switch self {
    case .text(let text): .text(text)
    case .oneOf(let characters): .characters(ScalarSet(of: characters))
    case .rule(let number): .rule(names[number])
    case .sequence(let parts): .sequence(parts.map { $0.expression(names) })
    case .choice(let parts): .choice(parts.map { $0.expression(names) })
    case .repetition(let unit, let atLeast, let atMost):
      .repetition(unit.expression(names), atLeast: atLeast, atMost: atMost)
    }
  }

  var gbnf: String {
    switch self {
    case .text(let text): "\"\(text)\""
    case .oneOf(let characters): "[\(characters)]"
    case .rule(let number): number == 0 ? "root" : "r\(number)"
    case .sequence(let parts): "(\(parts.map(\.gbnf).joined(separator: " ")))"
    case .choice(let parts): "(\(parts.map(\.gbnf).joined(separator: " | ")))"
    case .repetition(let unit, let atLeast, let atMost): "(\(unit.gbnf))" + Self.bounds(atLeast, atMost)
    }
  }

  var lark: String {
    switch self {
    case .text(let text): "\"\(text)\""
    case .oneOf(let characters): "/[\(characters)]/"
    case .rule(let number): number == 0 ? "start" : "r\(number)"
    case .sequence(let parts): "(\(parts.map(\.lark).joined(separator: " ")))"
    case .choice(let parts): "(\(parts.map(\.lark).joined(separator: " | ")))"
    case .repetition(let unit, let atLeast, let atMost?): "(\(unit.lark)) ~ \(atLeast)..\(atMost)"
    case .repetition(let unit, let atLeast, nil): "(\(unit.lark)){\(atLeast),}"
    }
  }

  /// Of a grammar without rules.
  var regularExpression: String {
    switch self {
    case .text(let text): text
    case .oneOf(let characters): "[\(characters)]"
    case .rule: ""
    case .sequence(let parts): parts.map { "(?:\($0.regularExpression))" }.joined()
    case .choice(let parts): "(?:\(parts.map(\.regularExpression).joined(separator: "|")))"
    case .repetition(let unit, let atLeast, let atMost):
      "(?:\(unit.regularExpression))" + Self.bounds(atLeast, atMost)
    }
  }

  private static func bounds(_ atLeast: Int, _ atMost: Int?) -> String {
    "{\(atLeast),\(atMost.map(String.init) ?? "")}"
  }
}

extension Array {
  /// One of the elements, of which there is at least one.
  fileprivate func random(_ random: inout SplitMix64) -> Element { self[Int.random(in: indices, using: &random)] }
}
