/// What every tenant has asked, and been answered: all that a prompt of it can find in the cache, also after a restart.
final class SharedPrompts {
  /// Whose requests share.
  struct Namespace: Hashable {
    /// The name of a key, or what is sent for one where nobody asks for it.
    let credential: String?
    let user: String?
    let salt: String?
  }

  /// A sequence that may be in the cache.
  struct Place {
    fileprivate let namespace: Namespace
    fileprivate let index: Int
  }

  private var sequences: [Namespace: [[Int32]]] = [:]

  func add(_ tokens: [Int32], to namespace: Namespace) -> Place {
    sequences[namespace, default: []].append(tokens)
    return Place(namespace: namespace, index: (sequences[namespace]?.count ?? 1) - 1)
  }

  /// How many tokens another sequence of the namespace has in common with this one, at most.
  func longestPrefix(of place: Place) -> Int {
    guard let all = sequences[place.namespace] else { return 0 }
    let own = all[place.index]
    return all.indices.filter { $0 != place.index }.map { all[$0].commonPrefix(with: own) }.max() ?? 0
  }
}

extension [Int32] {
  fileprivate func commonPrefix(with other: [Int32]) -> Int {
    var count = 0
    while count < Swift.min(self.count, other.count), self[count] == other[count] { count += 1 }
    return count
  }
}
