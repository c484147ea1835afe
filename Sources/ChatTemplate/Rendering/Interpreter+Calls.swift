extension Interpreter {
  func call(_ callee: Expression, _ arguments: CallArguments, _ activation: Activation) throws(Fault) -> Value {
    let function = try evaluate(callee, activation)
    return try call(function, try evaluate(arguments, activation))
  }

  func evaluate(_ arguments: CallArguments, _ activation: Activation) throws(Fault) -> Arguments {
    var result = Arguments()
    for argument in arguments.positional { result.positional.append(try evaluate(argument, activation)) }
    for (name, argument) in arguments.keywords { result.keywords.append((name, try evaluate(argument, activation))) }
    if let unpacked = arguments.unpackedPositional {
      result.positional += try evaluate(unpacked, activation).elements(budget)
    }
    if let unpacked = arguments.unpackedKeywords {
      guard case .dictionary(let dictionary) = try evaluate(unpacked, activation) else {
        throw Fault(.type, "'**' needs a mapping")
      }
      for (key, value) in dictionary.entries {
        let name = try key.requiredText()
        guard !result.keywords.contains(where: { $0.name.hasSameBytes(as: name) }) else {
          throw Fault(.type, "the argument '\(name)' is given twice")
        }
        result.keywords.append((name, value))
      }
    }
    return result
  }

  func call(_ function: Value, _ arguments: Arguments) throws(Fault) -> Value {
    switch function {
    case .method(let method): return try Methods(budget: budget).call(method, arguments)
    case .macro(let macro): return .string(try call(macro, arguments))
    case .function(let function):
      let result = try Functions(runtime: runtime).call(function, arguments)
      if case .namespace(let namespace) = result { register(namespace) }
      return result
    case .loop(let loop): return try loop(arguments)
    case .joiner(let joiner):
      try arguments.expectNone(of: "joiner")
      defer { joiner.wasUsed = true }
      return .string(joiner.wasUsed ? joiner.separator : "")
    case .undefined(let undefined): throw undefined.fault
    default: throw Fault(.type, "a value of type '\(function.typeName)' cannot be called")
    }
  }

  /// Counts a call that may recurse.
  func beginCall() throws(Fault) {
    guard callDepth < budget.limits.maximumCallDepth else {
      throw Fault(.limit, "more than \(budget.limits.maximumCallDepth) calls are active at once")
    }
    callDepth += 1
  }

  /// The text a macro writes.
  func call(_ macro: MacroValue, _ arguments: Arguments) throws(Fault) -> String {
    try beginCall()
    defer { callDepth -= 1 }
    let definition = macro.definition
    let activation = Activation(slotCount: macro.scope.slotCount, parent: macro.activation)
    enter(scope: definition.scope, activation)
    try bind(arguments, to: macro, activation)
    for (index, parameter) in definition.parameters.enumerated() {
      guard value(at: resolution.locations[parameter.use], activation) == nil else { continue }
      let defaultIndex = index - (definition.parameters.count - definition.defaults.count)
      let value =
        defaultIndex >= 0
        ? try evaluate(definition.defaults[defaultIndex], activation)
        : .undefined(UndefinedValue(.hint("the parameter '\(parameter.name)' was not given")))
      assign(value, to: parameter, activation)
    }
    return try captured { () throws(Fault) in _ = try execute(definition.body, activation) }
  }

  /// Fills the parameters, and the special variables where the body uses them.
  private func bind(_ arguments: Arguments, to macro: MacroValue, _ activation: Activation) throws(Fault) {
    let parameters = macro.definition.parameters
    let name = macro.definition.name ?? "caller"
    var keywords = arguments.keywords
    func take(_ name: String) -> Value? {
      keywords.firstIndex { $0.name.hasSameBytes(as: name) }.map { keywords.remove(at: $0).value }
    }
    var hasCaller = arguments.positional.count >= parameters.count && parameters.contains { $0.name == "caller" }
    for (index, parameter) in parameters.enumerated() {
      if index < arguments.positional.count {
        assign(arguments.positional[index], to: parameter, activation)
      } else {
        assign(take(parameter.name), to: parameter, activation)
        if parameter.name == "caller" { hasCaller = true }
      }
    }
    if macro.scope.usesCaller, !hasCaller {
      let caller = take("caller") ?? .undefined(UndefinedValue(.hint("there is no caller")))
      assign(caller, to: macro.definition.caller, activation)
    }
    if macro.scope.usesKeywords {
      let entries = keywords.map { (key: Value.string($0.name), value: $0.value) }
      assign(.dictionary(try DictionaryValue(entries, budget)), to: macro.definition.keywords, activation)
    } else if let extra = keywords.first {
      throw Fault(.type, "the macro '\(name)' has no parameter '\(extra.name)'")
    }
    if macro.scope.usesPositional {
      let rest = arguments.positional.dropFirst(parameters.count)
      assign(.tuple(try ListValue(Array(rest))), to: macro.definition.positional, activation)
    } else if arguments.positional.count > parameters.count {
      throw Fault(.type, "the macro '\(name)' takes at most \(parameters.count) arguments")
    }
  }
}
