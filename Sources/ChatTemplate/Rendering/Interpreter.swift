import JSON

/// One rendering of a template: walks over its tree.
final class Interpreter {
  /// How an execution of statements ended.
  enum Flow { case normal, breakLoop, continueLoop }

  /// How deep evaluation may recurse, which keeps it within any thread's stack.
  static let maximumDepth = 400

  let resolution: Resolution
  let runtime: Runtime
  var output = ""
  private let outside: [Value?]
  private var depth = 0
  var callDepth = 0
  /// What may be part of a cycle of references, cleared after rendering.
  private var namespaces: [Namespace] = []
  private var capturedActivations: [Activation] = []

  var budget: Budget { runtime.budget }

  init(_ resolution: Resolution, variables: JSONObject, runtime: Runtime) throws(Fault) {
    self.resolution = resolution
    self.runtime = runtime
    var outside: [Value?] = []
    for name in resolution.outsideNames {
      if let json = variables[name] {
        outside.append(try Value(json, runtime.budget))
      } else {
        outside.append(GlobalFunction(rawValue: name).map { .function($0) })
      }
    }
    self.outside = outside
  }

  /// Renders the template's statements.
  func render(_ template: [Statement]) throws(Fault) -> String {
    defer { breakCycles() }
    let activation = Activation(slotCount: resolution.scopes[0].slotCount, parent: nil)
    enter(scope: 0, activation)
    _ = try execute(template, activation)
    return output
  }

  private func breakCycles() {
    // Every object stays held by its list while others are cleared, so that nothing is released recursively.
    for namespace in namespaces { namespace.clear() }
    for activation in capturedActivations { activation.slots = [] }
  }

  func register(_ namespace: Namespace) { namespaces.append(namespace) }

  func capture(_ activation: Activation) {
    guard !activation.isCaptured else { return }
    activation.isCaptured = true
    capturedActivations.append(activation)
  }

  // MARK: - Depth

  func descend() throws(Fault) {
    depth += 1
    guard depth <= Self.maximumDepth else { throw Fault(.limit, "evaluation is nested too deeply") }
  }

  func ascend() { depth -= 1 }

  // MARK: - Variables

  func enter(scope: Int, _ activation: Activation) {
    for (slot, value) in resolution.scopes[scope].initialValues {
      switch value {
      case .undefined: activation.slots[slot] = nil
      case .outside(let index): activation.slots[slot] = outside[index]
      case .copy(let location): activation.slots[slot] = self.value(at: location, activation)
      }
    }
  }

  func value(at location: Resolution.Location, _ activation: Activation) -> Value? {
    switch location {
    case .slot(0, let index): activation.slots[index]
    case .slot(let hops, let index): activation.at(hops: hops).slots[index]
    case .outside(let index): outside[index]
    }
  }

  func value(of name: NameUse, _ activation: Activation) -> Value {
    value(at: resolution.locations[name.use], activation) ?? .undefined(UndefinedValue(.name(name.name)))
  }

  func assign(_ value: Value?, to name: NameUse, _ activation: Activation) {
    guard case .slot(let hops, let index) = resolution.locations[name.use] else { return }
    activation.at(hops: hops).slots[index] = value
  }

  func assign(_ value: Value, to target: AssignmentTarget, _ activation: Activation) throws(Fault) {
    switch target {
    case .name(let name): assign(value, to: name, activation)
    case .tuple(let targets):
      let elements = try value.elements(budget)
      guard elements.count == targets.count else {
        throw Fault(.value, "expected \(targets.count) values to unpack, found \(elements.count)")
      }
      for (target, element) in zip(targets, elements) { try assign(element, to: target, activation) }
    case .attribute(let owner, let name, let position):
      guard case .namespace(let namespace) = self.value(of: owner, activation) else {
        throw Fault(.type, "attributes can be assigned on namespaces only").located(at: position)
      }
      try Functions.checkAttribute(.string(name))
      try namespace.set(name, to: value)
    }
  }

  // MARK: - Output

  func write(_ value: Value) throws(Fault) { try write(text: try value.string(budget)) }

  func write(text: String) throws(Fault) {
    try budget.spend(textBytes: text.utf8.count)
    output += text
    guard output.utf8.count <= budget.limits.maximumTextBytes else {
      throw Fault(.limit, "the output exceeds \(budget.limits.maximumTextBytes) bytes")
    }
  }

  /// What `body` writes, instead of writing it.
  func captured(_ body: () throws(Fault) -> Void) throws(Fault) -> String {
    var text = ""
    swap(&text, &output)
    try body()
    swap(&text, &output)
    return text
  }
}
