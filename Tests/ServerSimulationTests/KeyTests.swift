import Testing

@testable import ServerSimulation

/// The simulation's own keys, and what it expects of limits.
@Suite struct KeyTests {
  @Test func aThirdOfTheSeedsHasKeys() {
    let rings = (1...300 as ClosedRange<UInt64>).map { KeyRing(seed: $0) }
    #expect((80...130).contains(rings.count { $0.hasKeys }))
    #expect(rings.allSatisfy { $0.hasKeys == ($0.apiKeys != nil) })
    for ring in rings where ring.hasKeys {
      for _ in 0..<20_000 { _ = ring.isReloaded() }
      let secrets = (ring.keys + ring.revoked).map(\.secret) + ring.formerSecrets
      #expect(Set(secrets).count == secrets.count && secrets.allSatisfy { $0.hasPrefix(KeyRing.mark) })
      #expect(ring.isOpen || ring.apiKeys?.count == ring.keys.count)
    }
  }

  @Test func everyStretchOfTimeIsBounded() {
    let second: Int64 = 1_000_000_000
    var check = RateCheck(perMinute: 60)
    #expect(check.allowsOne(at: 0) && !check.explains(wait: 1, at: 0))
    // What came back while there was a minute's worth is lost.
    check.take(60, at: 3600 * second)
    #expect(!check.allowsOne(at: 3600 * second) && check.explains(wait: 1, at: 3600 * second))
    #expect(!check.explains(wait: 3, at: 3600 * second))
    #expect(check.allowsOne(at: 3601 * second) && !check.allowsOne(at: 3600 * second + second / 2))
    check.take(90, at: 3630 * second)
    let later = 3630 * second + second / 2
    #expect(check.explains(wait: 61, at: later))
    #expect(!check.explains(wait: 60, at: later) && !check.explains(wait: 62, at: later))
    #expect(check.allowsOne(at: 3691 * second))
  }

  @Test func sequencesAreComparedWithinANamespace() {
    let prompts = SharedPrompts()
    let (own, other) = (
      SharedPrompts.Namespace(credential: "a", user: nil, salt: nil),
      SharedPrompts.Namespace(credential: "a", user: nil, salt: "s")
    )
    let place = prompts.add([1, 2, 3, 4], to: own)
    _ = prompts.add([1, 2, 3, 4], to: other)
    #expect(prompts.longestPrefix(of: place) == 0)
    _ = prompts.add([1, 2, 9], to: own)
    #expect(prompts.longestPrefix(of: place) == 2)
  }
}
