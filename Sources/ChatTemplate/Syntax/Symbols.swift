/// The names one scope knows, as far as its statements have been read.
///
/// Jinja decides while compiling which assignment a name refers to, and templates can tell: a name assigned
/// anywhere in a scope is local to it, an assignment in one branch of an `if` leaves the outer value in the
/// other, and a loop's body starts afresh every time. These are the rules of Jinja's identifier tracking.
struct Symbols {
  enum Load {
    case parameter
    case outside
    case alias(Variable)
    case undefined
  }

  var variables: [String: Variable] = [:]
  var loads: [Variable: Load] = [:]
  var stored: Set<String> = []
}

/// A slot of the activation at a nesting level.
struct Variable: Hashable {
  let level: Int
  let slot: Int
}

/// Counts the slots of a macro's, recursive loop's or the template's activation.
final class ActivationLayout {
  let level: Int
  let scope: Int
  var slotCount = 0

  init(level: Int, scope: Int) {
    self.level = level
    self.scope = scope
  }
}

/// A scope being analysed.
final class ScopeAnalysis {
  let parent: ScopeAnalysis?
  let activation: ActivationLayout
  var symbols = Symbols()
  private var slots: [String: Variable] = [:]

  init(parent: ScopeAnalysis?, activation: ActivationLayout) {
    self.parent = parent
    self.activation = activation
  }

  func find(_ name: String) -> Variable? { symbols.variables[name] ?? parent?.find(name) }

  /// The scope that owns the name as seen from here.
  func owner(of name: String) -> ScopeAnalysis? {
    symbols.variables[name] == nil ? parent?.owner(of: name) : self
  }

  /// Whether the scope's variable is one from outside that is never stored, which then needs no slot.
  func readsOutside(_ name: String) -> Bool {
    guard let variable = symbols.variables[name], case .outside = symbols.loads[variable] else { return false }
    return !symbols.stored.contains(name)
  }

  func declareParameter(_ name: String) {
    symbols.stored.insert(name)
    define(name, .parameter)
  }

  func load(_ name: String) {
    if find(name) == nil { define(name, .outside) }
  }

  func store(_ name: String) {
    symbols.stored.insert(name)
    guard symbols.variables[name] == nil else { return }
    define(name, parent?.find(name).map { .alias($0) } ?? .undefined)
  }

  /// Takes over what the branches of an `if` did. What is stored in a branch only keeps its outer value
  /// where the branch is not taken.
  func merge(_ branches: [Symbols]) {
    let stored = branches.reduce(into: Set<String>()) { $0.formUnion($1.stored) }.subtracting(symbols.stored)
    for branch in branches {
      symbols.variables.merge(branch.variables) { $1 }
      symbols.loads.merge(branch.loads) { $1 }
      symbols.stored.formUnion(branch.stored)
    }
    for name in stored {
      guard let variable = symbols.variables[name] else { continue }
      symbols.loads[variable] = parent?.find(name).map { .alias($0) } ?? .outside
    }
  }

  private func define(_ name: String, _ load: Symbols.Load) {
    let variable = slots[name] ?? newSlot(name)
    symbols.variables[name] = variable
    symbols.loads[variable] = load
  }

  private func newSlot(_ name: String) -> Variable {
    let variable = Variable(level: activation.level, slot: activation.slotCount)
    activation.slotCount += 1
    slots[name] = variable
    return variable
  }
}
