/// A terminal being read.
struct ScanItem: Hashable, Comparable, Sendable {
  var terminal: Int32
  var state: Int32
  /// The set of items where the terminal began.
  var origin: Int32
  /// Units read, for a terminal that counts; else 0.
  var count: Int32

  static func < (left: ScanItem, right: ScanItem) -> Bool {
    (left.terminal, left.state, left.origin, left.count) < (right.terminal, right.state, right.origin, right.count)
  }
}

/// A rule being read: what has been read of it leads to a node of the network.
struct RuleItem: Hashable, Comparable, Sendable {
  var node: Int32
  /// The set of items where the rule began.
  var origin: Int32
  /// Passes of counted edges, for a rule that counts; else 0.
  var count: Int32

  static func < (left: RuleItem, right: RuleItem) -> Bool {
    (left.node, left.origin, left.count) < (right.node, right.origin, right.count)
  }
}

/// The end of a terminal or rule that began in a set of items.
struct Completion: Hashable, Sendable {
  var symbol: GrammarNetwork.Symbol
  var origin: Int32
}

/// Distinct elements in order of their coming.
struct DistinctList<Element: Hashable & Sendable>: Sendable {
  private(set) var elements: [Element] = []
  private var known: Set<Element> = []

  /// Up to this many, a search from the front is faster than a hash.
  private static var searched: Int { 12 }

  /// Adds the element; false if it was there.
  mutating func insert(_ element: Element) -> Bool {
    if elements.count < Self.searched {
      if elements.contains(element) { return false }
    } else {
      if known.isEmpty { known = Set(elements) }
      guard known.insert(element).inserted else { return false }
    }
    elements.append(element)
    return true
  }

  mutating func removeAll() {
    elements.removeAll(keepingCapacity: true)
    if !known.isEmpty { known.removeAll(keepingCapacity: true) }
  }
}
