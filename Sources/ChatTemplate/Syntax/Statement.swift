/// A statement: literal text, an expression to print, or a tag.
indirect enum Statement: Sendable {
  case text(String)
  case print(Expression)
  case conditional([(condition: Expression, body: [Statement])], else: [Statement])
  case loop(Loop)
  case macro(NameUse, MacroDefinition)
  case callBlock(CallBlock)
  case filterBlock(FilterBlock)
  case assign(AssignmentTarget, Expression, Position)
  case assignBlock(AssignBlock)
  case with(With)
  case breakLoop(Position)
  case continueLoop(Position)
}

/// What can stand on the left of an assignment.
indirect enum AssignmentTarget: Sendable {
  case name(NameUse)
  case tuple([AssignmentTarget])
  case attribute(of: NameUse, name: String, Position)
}

/// `{% for target in iterable if condition recursive %}body{% else %}alternative{% endfor %}`
struct Loop: Sendable {
  let target: AssignmentTarget
  /// The target once more: the condition runs in a scope of its own.
  let conditionTarget: AssignmentTarget
  let iterable: Expression
  let condition: Expression?
  let isRecursive: Bool
  let loopVariable: NameUse
  let body: [Statement]
  let alternative: [Statement]
  let bodyScope: Int
  let conditionScope: Int
  let alternativeScope: Int
  let position: Position
}

/// The parameters and the body of a macro or call block. The three special variables are bound only where
/// the body uses them.
struct MacroDefinition: Sendable {
  /// Nil for a call block.
  let name: String?
  let parameters: [NameUse]
  /// The defaults of the last parameters.
  let defaults: [Expression]
  let caller: NameUse
  let keywords: NameUse
  let positional: NameUse
  let body: [Statement]
  let scope: Int
  let position: Position
}

/// `{% call(…) f(…) %}body{% endcall %}`; without a callee it is a `{% generation %}` block, which only runs its body.
struct CallBlock: Sendable {
  let callee: Expression?
  let arguments: CallArguments
  let definition: MacroDefinition
  let position: Position
}

/// `{% filter f(…) %}body{% endfilter %}`
struct FilterBlock: Sendable {
  let filters: [FilterUse]
  let body: [Statement]
  let scope: Int
  let position: Position
}

/// `{% set target | f %}body{% endset %}`
struct AssignBlock: Sendable {
  let target: AssignmentTarget
  let filters: [FilterUse]
  let body: [Statement]
  let scope: Int
  let position: Position
}

/// `{% with a = 1, b = 2 %}body{% endwith %}`
struct With: Sendable {
  let bindings: [(target: AssignmentTarget, value: Expression)]
  let body: [Statement]
  let scope: Int
  let position: Position
}
