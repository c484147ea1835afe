/// A piece of what sequences leave behind, named by the tokens it was computed from.
public enum CacheItem: Sendable, Hashable {
  /// A whole page, by the digest of all tokens up to its end.
  case page(Digest)
  /// The state after some more tokens, fewer than a page has, and the page that these are in, if there are any; by the
  /// digest of the whole pages before them.
  case state(after: Digest, tail: [Int32])

  /// The digest that is part of it.
  var base: Digest {
    switch self {
    case .page(let digest): digest
    case .state(let digest, _): digest
    }
  }

  /// The tokens that are part of it.
  var tail: [Int32] {
    switch self {
    case .page: []
    case .state(_, let tail): tail
    }
  }

  /// The name of its file.
  var fileName: String {
    switch self {
    case .page(let digest): return digest.hexadecimal + ".page"
    case .state(let digest, let tail):
      var hash = SHA256()
      hash.update(digest.bytes)
      hash.update(tokens: tail[...])
      return hash.current().hexadecimal + ".state"
    }
  }
}

/// The digests of a sequence's tokens, up to the end of each whole page.
public struct PageChain: Sendable {
  /// Before the first token; then after each whole page.
  public let digests: [Digest]
  /// Tokens of a page.
  public let pageSize: Int

  /// The chain of a sequence.
  /// - Parameter namespace: keeps equal tokens apart that are not to share.
  public init(_ tokens: [Int32], pageSize: Int, namespace: Digest) {
    self.pageSize = pageSize
    var digests = [namespace]
    for end in stride(from: pageSize, through: tokens.count, by: pageSize) {
      var hash = SHA256()
      hash.update(digests[digests.count - 1].bytes)
      hash.update(tokens: tokens[(end - pageSize)..<end])
      digests.append(hash.current())
    }
    self.digests = digests
  }

  /// The page with this number.
  public func page(_ number: Int) -> CacheItem { .page(digests[number + 1]) }

  /// The state after the first `count` of `tokens`, the ones it was made of.
  public func state(after count: Int, of tokens: [Int32]) -> CacheItem {
    let whole = count / pageSize
    return .state(after: digests[whole], tail: Array(tokens[(whole * pageSize)..<count]))
  }
}
