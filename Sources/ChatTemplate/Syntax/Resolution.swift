/// Where every variable of a template lives, and what has to be done when a scope is entered.
struct Resolution: Sendable {
  /// The place of a variable, as seen from where it is used.
  enum Location: Sendable {
    /// A slot of the activation `hops` levels out: 0 is the running macro, 1 the one that encloses it.
    case slot(hops: Int, index: Int)
    /// A variable or function given from outside, by its index in `outsideNames`.
    case outside(Int)
  }

  /// What a slot holds when its scope is entered.
  enum InitialValue: Sendable {
    case undefined
    case outside(Int)
    case copy(Location)
  }

  struct Scope: Sendable {
    var initialValues: [(slot: Int, value: InitialValue)] = []
    /// The slots of the activation, where the scope is one: the template's, a macro's or a recursive loop's.
    var slotCount = 0
    /// Whether the macro's body uses the special variables, and so accepts what they hold.
    var usesCaller = false
    var usesKeywords = false
    var usesPositional = false
  }

  /// By the number of the use.
  var locations: [Location]
  /// By the number of the scope.
  var scopes: [Scope]
  var outsideNames: [String] = []
}
