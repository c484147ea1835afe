import APIServer

/// The API keys of a seed: which are valid now, and which were.
///
/// Draws from a generator of its own, so that seeds without keys are what they would be without it.
final class KeyRing {
  struct Key {
    let name: String
    var secret: String
    var limits: APIKey.Limits
  }

  /// All secrets begin so, good ones and others, and nothing else does.
  static let mark = "sk-sim-"

  var chance: Chance
  /// Whether the seed has keys at all.
  let hasKeys: Bool
  /// Whether everybody is let in.
  private(set) var isOpen = true
  private(set) var keys: [Key] = []
  /// Keys that were revoked.
  private(set) var revoked: [Key] = []
  /// Secrets that others took the place of.
  private(set) var formerSecrets: [String] = []
  /// Of a million events, those at which the keys are read again.
  private var reloadRate = 0
  private var lastSecret = 0

  init(seed: UInt64) {
    chance = Chance(seed: seed &+ 0x5851_F42D_4C95_7F2D)
    hasKeys = chance.happens(350_000)
    guard hasKeys else { return }
    isOpen = false
    reloadRate = chance.happens(300_000) ? 0 : chance.magnitude(20...5000)
    for number in 1...chance.int(1...4) {
      keys.append(Key(name: "key\(number)", secret: makeSecret(), limits: limits()))
    }
  }

  /// The valid keys as the server takes them; nil lets everybody in.
  var apiKeys: [APIKey]? {
    isOpen ? nil : keys.compactMap { APIKey(name: $0.name, secret: $0.secret, limits: $0.limits) }
  }

  /// The names of the valid keys of which one of these is the secret.
  func owners(of secrets: [String]) -> Set<String> {
    Set(keys.filter { secrets.contains($0.secret) }.map(\.name))
  }

  func makeSecret() -> String {
    lastSecret += 1
    return "\(Self.mark)\(lastSecret)-\(String(chance.next(), radix: 16))"
  }

  private func limits() -> APIKey.Limits {
    var limits = APIKey.Limits()
    if chance.happens(350_000) { limits.requestsPerMinute = chance.magnitude(1...60) }
    if chance.happens(350_000) { limits.tokensPerMinute = chance.magnitude(10...4000) }
    if chance.happens(350_000) { limits.concurrentRequests = chance.int(1...4) }
    if chance.happens(150_000) { limits.models = chance.element(of: [["sim"], ["sim", "other"], ["other"]]) }
    return limits
  }

  // MARK: - What operators do

  /// Whether the keys are read again now.
  func isReloaded() -> Bool {
    guard reloadRate > 0, chance.happens(reloadRate) else { return false }
    change()
    return true
  }

  private func change() {
    isOpen = chance.happens(50_000)
    let place = keys.isEmpty ? nil : chance.int(0...keys.count - 1)
    switch (chance.int(0...9), place) {
    case (0...2, let place?): revoked.append(keys.remove(at: place))
    case (3, let place?): keys[place].limits = limits()
    case (4, let place?):
      formerSecrets.append(keys[place].secret)
      keys[place].secret = makeSecret()
    case (5, let place?): exchangeSecrets(place)
    case (6, _) where keys.count > 1:
      revoked += keys
      keys = []
    // As they were.
    case (7, _): break
    default: restore()
    }
  }

  /// Lets a key have the secret of another one, and that one its.
  private func exchangeSecrets(_ place: Int) {
    let other = chance.int(0...keys.count - 1)
    (keys[place].secret, keys[other].secret) = (keys[other].secret, keys[place].secret)
  }

  private func restore() {
    guard !revoked.isEmpty else { return }
    var key = revoked.remove(at: chance.int(0...revoked.count - 1))
    if chance.happens(200_000) { key.limits = limits() }
    keys.append(key)
  }
}
