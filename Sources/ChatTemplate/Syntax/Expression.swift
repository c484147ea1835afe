/// An expression and where it stands.
struct Expression: Sendable {
  indirect enum Kind: Sendable {
    case literal(Literal)
    case name(NameUse)
    case list([Expression])
    case tuple([Expression])
    case dictionary([(key: Expression, value: Expression)])
    case attribute(of: Expression, name: String)
    case item(of: Expression, index: Expression)
    case slice(of: Expression, start: Expression?, stop: Expression?, step: Expression?)
    case call(Expression, CallArguments)
    case filter(FilterUse)
    case test(of: Expression, name: String, TestName?, CallArguments)
    case unary(UnaryOperator, Expression)
    case binary(BinaryOperator, Expression, Expression)
    case compare(Expression, [(ComparisonOperator, Expression)])
    case concatenate([Expression])
    case and(Expression, Expression)
    case or(Expression, Expression)
    case not(Expression)
    case conditional(Expression, if: Expression, else: Expression?)
  }

  let kind: Kind
  let position: Position
  /// The longest chain of expressions below this one; bounded, so that recursion over a tree is.
  let depth: Int
}

/// A constant in the source.
enum Literal: Sendable {
  case none
  case boolean(Bool)
  case integer(Int)
  case float(Double)
  case string(String)
}

/// One occurrence of a variable's name. `use` numbers all occurrences in a template; the resolver says for
/// each where the variable lives.
struct NameUse: Sendable {
  let name: String
  let use: Int
}

/// The arguments of a call, filter or test, as written.
struct CallArguments: Sendable {
  var positional: [Expression] = []
  var keywords: [(name: String, value: Expression)] = []
  var unpackedPositional: Expression?
  var unpackedKeywords: Expression?

  /// All expressions, in the order in which they are evaluated.
  var expressions: [Expression] {
    positional + keywords.map(\.value) + [unpackedPositional, unpackedKeywords].compactMap(\.self)
  }
}

/// A filter applied to an input, or in a filter block (nil input) to the block's text.
struct FilterUse: Sendable {
  let input: Expression?
  let name: String
  let filter: FilterName?
  let arguments: CallArguments
  let position: Position
}

enum UnaryOperator: Sendable { case plus, minus }

enum BinaryOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case modulo = "%"
  case power = "**"
}

enum ComparisonOperator: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case contained = "in"
  case notContained = "not in"
}
