import DiskCache

/// Whose request it is, and how it is to be served beside others.
public struct RequestTerms: Sendable, Hashable {
  /// Who asks: tenants share the machine fairly, and each other's cached prompts only if the server is told so. Nil is
  /// one tenant, too: that of all requests that say nothing.
  public var tenant: Tenant?
  /// Those with a smaller number go first.
  public var priority = 0
  /// Keeps cached prompts apart within a tenant.
  public var cacheSalt: String?
  /// When the first token is due; a request that cannot meet it is refused.
  public var deadline: ContinuousClock.Instant?

  /// The terms of a request that asks for none.
  public init() {}
}

/// Somebody on whose behalf requests are made, known by a digest: nothing here, and nothing made of it, holds a key.
public struct Tenant: Sendable, Hashable {
  let digest: Digest

  /// A tenant.
  ///
  /// - Parameters:
  ///   - credential: what the client proves itself with, or the name of that; nil if with nothing.
  ///   - name: the one among the users of the credential, such as a gateway names it; nil if they are not told apart.
  /// - Returns: nil if neither is given.
  public init?(credential: String?, name: String?) {
    guard credential != nil || name != nil else { return nil }
    var hash = SHA256()
    hash.update(text: "apus tenant")
    for part in [credential, name] {
      hash.update(part == nil ? 0 : 1)
      hash.update(text: part ?? "")
    }
    digest = hash.current()
  }
}
