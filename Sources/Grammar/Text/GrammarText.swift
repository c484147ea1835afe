/// The text of a grammar, read scalar by scalar.
struct GrammarText {
  private let scalars: [Unicode.Scalar]
  private(set) var position = 0

  /// The longest text that is read, in Unicode scalars.
  static let longestText = 2_000_000
  /// How deep groups may be nested.
  static let deepestGroup = 64
  /// The highest number of repetitions.
  static let highestCount = 100_000
  /// How many rules there may be.
  static let mostRules = 50_000

  init(_ text: String) throws(GrammarError) {
    scalars = Array(text.unicodeScalars)
    guard scalars.count <= Self.longestText else {
      throw .tooLarge(rule: "grammar", what: "characters", limit: Self.longestText)
    }
  }

  // MARK: - Reading

  /// The scalar `ahead` places on; nil at the end.
  func peek(_ ahead: Int = 0) -> Unicode.Scalar? {
    scalars.indices.contains(position + ahead) ? scalars[position + ahead] : nil
  }

  /// Whether `text` comes next, `ahead` places on.
  func isNext(_ text: String, ahead: Int = 0) -> Bool {
    var place = position + ahead
    for scalar in text.unicodeScalars {
      guard place < scalars.count, scalars[place] == scalar else { return false }
      place += 1
    }
    return true
  }

  mutating func advance(_ count: Int = 1) { position = min(position + count, scalars.count) }

  /// Takes `text`, if it comes next.
  mutating func take(_ text: String) -> Bool {
    guard isNext(text) else { return false }
    advance(text.unicodeScalars.count)
    return true
  }

  /// Takes scalars as long as they are of a kind.
  mutating func take(while isWanted: (Unicode.Scalar) -> Bool) -> String {
    let start = position
    while let next = peek(), isWanted(next) { advance() }
    return text(from: start)
  }

  /// What has been read since a place.
  func text(from start: Int) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[start..<position])
    return String(text)
  }

  /// A decimal number; nil if there is none.
  mutating func count() throws(GrammarError) -> Int? {
    let start = position
    let digits = take { ("0"..."9").contains($0) }
    guard !digits.isEmpty else { return nil }
    guard let count = Int(digits), count <= Self.highestCount else {
      throw malformed("a number up to \(Self.highestCount)", at: start)
    }
    return count
  }

  /// The value of so many hexadecimal digits; those are a part of what begins at `start`.
  mutating func hexadecimal(_ count: Int, from start: Int) throws(GrammarError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let digit = peek(), digit.isASCII, let number = Character(digit).hexDigitValue else {
        throw malformed("\(count) hexadecimal digits in this escape", at: start)
      }
      value = value << 4 | UInt32(number)
      advance()
    }
    guard value <= 0x10FFFF else { throw malformed("a Unicode character, up to \\U0010FFFF", at: start) }
    return value
  }

  // MARK: - Places

  /// Line and column of a place, counted from 1.
  func place(_ position: Int) -> (line: Int, column: Int) {
    var (line, column) = (1, 1)
    for scalar in scalars[..<min(position, scalars.count)] {
      if scalar == "\n" {
        line += 1
        column = 1
      } else {
        column += 1
      }
    }
    return (line, column)
  }

  /// Something else was expected at a place, or at the current one.
  func malformed(_ expected: String, at position: Int? = nil) -> GrammarError {
    let (line, column) = place(position ?? self.position)
    return .malformed(line: line, column: column, expected: expected)
  }

  /// What stands at a place is not offered.
  func unsupported(_ feature: String, _ advice: String, at position: Int) -> GrammarError {
    let (line, column) = place(position)
    return .unsupported(line: line, column: column, feature: feature, advice: advice)
  }
}

extension GrammarExpression {
  /// One after the other; the part itself if there is but one.
  static func inTurn(_ parts: [GrammarExpression]) -> GrammarExpression {
    parts.count == 1 ? parts[0] : .sequence(parts)
  }

  /// Either; the part itself if there is but one.
  static func either(_ parts: [GrammarExpression]) -> GrammarExpression {
    parts.count == 1 ? parts[0] : .choice(parts)
  }
}
