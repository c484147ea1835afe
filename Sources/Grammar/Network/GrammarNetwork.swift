/// The rules as a network: nodes, and edges that read a terminal or a rule. There are no empty moves; a text of a rule
/// leads from its start to a final node. Every node leads to a final one.
struct GrammarNetwork: Sendable {
  struct Node: Sendable {
    /// The edges are `edges[firstEdge..<endEdge]`, ascending by symbol.
    var firstEdge: Int32
    var endEdge: Int32
    var isFinal: Bool
    var rule: Int32
  }

  struct Edge: Sendable {
    var symbol: Symbol
    var target: Int32
    /// Whether it counts in the rule's bounds.
    var increments: Bool
  }

  /// A terminal or a rule, by number.
  struct Symbol: Hashable, Comparable, Sendable {
    /// The number of a terminal, or the complement of a rule's.
    var code: Int32

    static func terminal(_ number: Int32) -> Symbol { Symbol(code: number) }
    static func rule(_ number: Int32) -> Symbol { Symbol(code: ~number) }
    static func < (left: Symbol, right: Symbol) -> Bool { left.code < right.code }

    var terminal: Int32? { code >= 0 ? code : nil }
    var rule: Int32? { code < 0 ? ~code : nil }
  }

  /// How often a counted rule passes its incrementing edges.
  struct Bounds: Sendable {
    var atLeast: Int32
    /// `Counting.unbounded` if there is no bound.
    var atMost: Int32

    /// The count after another pass; without an upper bound, counting ends at the lower one.
    func next(_ count: Int32) -> Int32 { atMost == Counting.unbounded && count >= atLeast ? count : count + 1 }
  }

  var nodes: [Node]
  var edges: [Edge]
  /// The first node of each rule.
  var starts: [Int32]
  /// By rule; nil for those that do not count.
  var bounds: [Bounds?]
  /// The rule that documents follow.
  var root: Int32
  var terminals: [Terminal]

  /// Whether an item of this count at this node has read a text of its rule.
  func isComplete(_ node: Int32, count: Int32) -> Bool {
    let node = nodes[Int(node)]
    guard node.isFinal else { return false }
    guard let bounds = bounds[Int(node.rule)] else { return true }
    return count >= bounds.atLeast
  }
}
