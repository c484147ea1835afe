/// What a request reused of the caches, and why not more.
public struct CacheReport: Sendable, Equatable {
  /// Why the first token that is not cached is not.
  public enum Reason: Sendable, Equatable {
    /// All that can be is cached: the last known token is always computed.
    case complete
    /// No cached prompt goes on from the tokens before it.
    case notCached
    /// Every cached prompt that begins with the tokens before it goes on with another one.
    case differs
    /// It was cached, and has been given up since.
    case evicted
    /// It is cached, but in another namespace of the same tenant.
    case otherNamespace
  }

  /// Known tokens when the request was admitted.
  public let promptTokens: Int
  /// The first so many were not computed.
  public let reusedTokens: Int
  /// The pages of the first so many are cached. Where this is more than was reused, no state is kept behind the ones
  /// reused that these lead to.
  public let cachedTokens: Int
  /// Why it is not more. The first diverging token has the index `cachedTokens`.
  public let reason: Reason
}

extension CacheStore {
  /// What to tell about a match of tokens for which `match` was looked up, all but the last of them.
  func report(
    on match: PrefixMatch, of tokens: [Int32], in namespace: CacheNamespace, for tenant: TenantID
  ) -> CacheReport {
    CacheReport(
      promptTokens: tokens.count, reusedTokens: match.tokens, cachedTokens: match.cachedTokens,
      reason: match.cachedTokens == tokens.count - 1
        ? .complete : divergence(behind: match, of: tokens, in: namespace, for: tenant))
  }

  private func divergence(
    behind match: PrefixMatch, of tokens: [Int32], in namespace: CacheNamespace, for tenant: TenantID
  ) -> CacheReport.Reason {
    let start = match.cachedTokens / pageSize * pageSize
    let page = tokens[start..<min(start + pageSize, tokens.count)]
    let parent = match.deepest
    let hash = parent.flatMap { nodes[Int($0)].hash } ?? PrefixHash(namespace)
    if page.count == pageSize, evicted.contains(hash.extended(by: page)) { return .evicted }
    let isElsewhere = roots.contains { other, root in
      other != namespace && nodes[Int(root)].tenant == tenant
        && self.match(tokens, limit: tokens.count - 1, in: other).cachedTokens > match.cachedTokens
    }
    if isElsewhere { return .otherNamespace }
    guard let parent, !nodes[Int(parent)].children.isEmpty else { return .notCached }
    guard let closest = closestChild(of: parent, to: page) else { return .differs }
    return nodes[Int(closest.page)].filled == closest.common ? .notCached : .differs
  }
}
