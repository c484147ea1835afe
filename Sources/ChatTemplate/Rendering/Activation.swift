/// The variables of one running macro, recursive loop or the template itself.
final class Activation {
  /// Nil for what is not assigned yet.
  var slots: [Value?]
  let parent: Activation?
  /// Whether a macro holds on to this activation, which may hold the macro: a cycle to break in the end.
  var isCaptured = false

  init(slotCount: Int, parent: Activation?) {
    slots = Array(repeating: nil, count: slotCount)
    self.parent = parent
  }

  func at(hops: Int) -> Activation {
    var activation = self
    for _ in 0..<hops {
      guard let parent = activation.parent else { break }
      activation = parent
    }
    return activation
  }
}

/// A macro or the body of a call block, with the variables around its definition.
final class MacroValue {
  let definition: MacroDefinition
  let scope: Resolution.Scope
  let activation: Activation

  init(_ definition: MacroDefinition, scope: Resolution.Scope, activation: Activation) {
    self.definition = definition
    self.scope = scope
    self.activation = activation
  }

  /// The attributes Jinja gives macros; nil for any other name.
  func attribute(_ name: String) -> Value? {
    switch name {
    case "name": definition.name.map { .string($0) } ?? .some(.none)
    case "caller": .boolean(scope.usesCaller)
    case "catch_kwargs": .boolean(scope.usesKeywords)
    case "catch_varargs": .boolean(scope.usesPositional)
    case "arguments":
      (try? ListValue(definition.parameters.map { .string($0.name) })).map { .tuple($0) }
    default: nil
    }
  }
}
