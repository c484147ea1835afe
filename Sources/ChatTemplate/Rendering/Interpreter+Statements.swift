extension Interpreter {
  /// Runs statements until the end or until `break` or `continue`.
  func execute(_ statements: [Statement], _ activation: Activation) throws(Fault) -> Flow {
    try descend()
    defer { ascend() }
    for statement in statements {
      try budget.spend()
      let flow = try execute(statement, activation)
      if flow != .normal { return flow }
    }
    return .normal
  }

  private func execute(_ statement: Statement, _ activation: Activation) throws(Fault) -> Flow {
    switch statement {
    case .text(let text): try write(text: text)
    case .print(let expression): try printResult(of: expression, activation)
    case .conditional(let branches, let alternative):
      for branch in branches where try evaluate(branch.condition, activation).isTrue {
        return try execute(branch.body, activation)
      }
      return try execute(alternative, activation)
    case .loop(let loop): return try execute(loop, activation)
    case .macro(let name, let definition): assign(.macro(macro(definition, activation)), to: name, activation)
    case .callBlock(let block): try located(at: block.position) { () throws(Fault) in try execute(block, activation) }
    case .filterBlock(let block): return try execute(block, activation)
    case .assign(let target, let value, let position):
      let value = try evaluate(value, activation)
      try located(at: position) { () throws(Fault) in try assign(value, to: target, activation) }
    case .assignBlock(let block): return try execute(block, activation)
    case .with(let with): return try execute(with, activation)
    case .breakLoop: return .breakLoop
    case .continueLoop: return .continueLoop
    }
    return .normal
  }

  /// Gives failures of `body` a position where they have none.
  func located<Result>(
    at position: Position, _ body: () throws(Fault) -> Result
  ) throws(Fault) -> Result {
    do throws(Fault) {
      return try body()
    } catch {
      throw error.located(at: position)
    }
  }

  private func printResult(of expression: Expression, _ activation: Activation) throws(Fault) {
    let value = try evaluate(expression, activation)
    do throws(Fault) {
      try write(value)
    } catch {
      throw error.located(at: expression.position)
    }
  }

  // MARK: - Blocks that capture their output

  /// Runs `body` and returns what it wrote, or nil where `break` or `continue` left it.
  private func captured(
    _ body: [Statement], scope: Int, _ activation: Activation
  ) throws(Fault) -> (text: String?, flow: Flow) {
    enter(scope: scope, activation)
    var flow = Flow.normal
    let text = try captured { () throws(Fault) in flow = try execute(body, activation) }
    return (flow == .normal ? text : nil, flow)
  }

  private func execute(_ block: FilterBlock, _ activation: Activation) throws(Fault) -> Flow {
    let (text, flow) = try captured(block.body, scope: block.scope, activation)
    guard let text else { return flow }
    let value = try apply(block.filters, to: .string(text), activation)
    try located(at: block.position) { () throws(Fault) in try write(value) }
    return .normal
  }

  private func execute(_ block: AssignBlock, _ activation: Activation) throws(Fault) -> Flow {
    let (text, flow) = try captured(block.body, scope: block.scope, activation)
    guard let text else { return flow }
    let value = try apply(block.filters, to: .string(text), activation)
    try located(at: block.position) { () throws(Fault) in try assign(value, to: block.target, activation) }
    return .normal
  }

  private func execute(_ with: With, _ activation: Activation) throws(Fault) -> Flow {
    enter(scope: with.scope, activation)
    for (target, value) in with.bindings {
      let value = try evaluate(value, activation)
      try located(at: with.position) { () throws(Fault) in try assign(value, to: target, activation) }
    }
    return try execute(with.body, activation)
  }

  // MARK: - Macros

  func macro(_ definition: MacroDefinition, _ activation: Activation) -> MacroValue {
    capture(activation)
    return MacroValue(definition, scope: resolution.scopes[definition.scope], activation: activation)
  }

  private func execute(_ block: CallBlock, _ activation: Activation) throws(Fault) {
    let caller = macro(block.definition, activation)
    guard let callee = block.callee else {
      try write(text: try call(caller, Arguments()))
      return
    }
    let function = try evaluate(callee, activation)
    var arguments = try evaluate(block.arguments, activation)
    arguments.keywords.append(("caller", .macro(caller)))
    try write(try call(function, arguments))
  }

  // MARK: - Loops

  private func execute(_ loop: Loop, _ activation: Activation) throws(Fault) -> Flow {
    let iterable = try evaluate(loop.iterable, activation)
    guard loop.isRecursive else {
      return try located(at: loop.position) { () throws(Fault) in
        try run(loop, over: iterable, depth0: 0, body: activation, alternative: activation, outer: activation)
      }
    }
    try located(at: loop.position) { () throws(Fault) in
      try write(text: try runRecursively(loop, over: iterable, depth0: 0, outer: activation))
    }
    return .normal
  }

  private func runRecursively(
    _ loop: Loop, over iterable: Value, depth0: Int, outer: Activation
  ) throws(Fault) -> String {
    try beginCall()
    defer { callDepth -= 1 }
    let body = Activation(slotCount: resolution.scopes[loop.bodyScope].slotCount, parent: outer)
    let alternative = Activation(slotCount: resolution.scopes[loop.alternativeScope].slotCount, parent: outer)
    return try captured { () throws(Fault) in
      _ = try run(loop, over: iterable, depth0: depth0, body: body, alternative: alternative, outer: outer)
    }
  }

  private func run(
    _ loop: Loop, over iterable: Value, depth0: Int, body: Activation, alternative: Activation, outer: Activation
  ) throws(Fault) -> Flow {
    let state = try state(of: loop, over: iterable, depth0: depth0, outer: outer)
    defer {
      // The state refers to the activation, whose slot refers to the state.
      assign(nil, to: loop.loopVariable, body)
      state.finish()
    }
    // Jinja counts an iteration only when its end is reached: `break` and `continue` leave `else` to run.
    var hasCompletedIteration = false
    iteration: while let element = try state.next() {
      try budget.spend()
      enter(scope: loop.bodyScope, body)
      assign(.loop(state), to: loop.loopVariable, body)
      try assign(element, to: loop.target, body)
      switch try execute(loop.body, body) {
      case .normal: hasCompletedIteration = true
      case .breakLoop: break iteration
      case .continueLoop: break
      }
    }
    guard !hasCompletedIteration, !loop.alternative.isEmpty else { return .normal }
    enter(scope: loop.alternativeScope, alternative)
    return try execute(loop.alternative, alternative)
  }

  private func state(
    of loop: Loop, over iterable: Value, depth0: Int, outer: Activation
  ) throws(Fault) -> LoopState {
    var count: Int?
    var pull: () throws(Fault) -> Value?
    if case .iterator(let iterator) = iterable {
      pull = { () throws(Fault) in try iterator.next() }
    } else {
      let elements = try iterable.elements(budget)
      var index = 0
      count = elements.count
      pull = { () throws(Fault) in
        guard index < elements.count else { return nil }
        defer { index += 1 }
        return elements[index]
      }
    }
    if let condition = loop.condition {
      let pullUnfiltered = pull
      count = nil
      enter(scope: loop.conditionScope, outer)
      pull = { [self] () throws(Fault) in
        while let element = try pullUnfiltered() {
          try assign(element, to: loop.conditionTarget, outer)
          if try evaluate(condition, outer).isTrue { return element }
        }
        return nil
      }
    }
    var recurse: ((Value) throws(Fault) -> String)?
    if loop.isRecursive {
      recurse = { [self] (iterable) throws(Fault) in
        try runRecursively(loop, over: iterable, depth0: depth0 + 1, outer: outer)
      }
    }
    return LoopState(count: count, depth0: depth0, recurse: recurse, pull: pull)
  }
}
