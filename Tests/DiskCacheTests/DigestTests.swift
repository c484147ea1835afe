import Testing

@testable import DiskCache

@Suite struct DigestTests {
  /// The examples of FIPS 180-4 (csrc.nist.gov, "Examples with Intermediate Values"), and the empty message.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func publishedExamples(message: String, expected: String) {
    var whole = SHA256()
    whole.update(message.utf8)
    #expect(whole.current().hexadecimal == expected)
    var pieces = SHA256()
    for byte in message.utf8 { pieces.update(CollectionOfOne(byte)) }
    #expect(pieces.current().hexadecimal == expected)
    #expect(Digest(bytes: whole.current().bytes) == whole.current())
  }

  @Test func aDigestSoFarDisturbsNothing() {
    var hash = SHA256()
    hash.update("a".utf8)
    let first = hash.current()
    hash.update("bc".utf8)
    #expect(hash.current().hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(first != hash.current())
  }

  @Test func numbersAndTokensHaveTheirLowestByteFirst() {
    var numbers = SHA256()
    numbers.update(UInt32(0x0403_0201))
    numbers.update(Int32(-2))
    var tokens = SHA256()
    tokens.update(tokens: [0x0403_0201, -2])
    var bytes = SHA256()
    bytes.update([1, 2, 3, 4, 0xFE, 0xFF, 0xFF, 0xFF])
    #expect(numbers.current() == bytes.current() && tokens.current() == bytes.current())
  }

  @Test func onlyThirtyTwoBytesAreADigest() {
    #expect(Digest(bytes: [UInt8](repeating: 1, count: 31)) == nil)
    #expect(Digest(bytes: [UInt8](repeating: 1, count: 33)) == nil)
  }

  @Test func aChainNamesEveryBeginning() {
    var namespace = SHA256()
    let tokens = Array(Int32(0)..<150)
    let chain = PageChain(tokens, pageSize: 64, namespace: namespace.current())
    #expect(chain.digests.count == 3)
    // Equal beginnings have equal digests, and only they.
    var other = tokens
    other[100] = 7
    let changed = PageChain(other, pageSize: 64, namespace: namespace.current())
    #expect(changed.digests[..<2] == chain.digests[..<2] && changed.digests[2] != chain.digests[2])
    namespace.update("x".utf8)
    let apart = PageChain(tokens, pageSize: 64, namespace: namespace.current())
    #expect(zip(apart.digests, chain.digests).allSatisfy { $0 != $1 })

    #expect(chain.page(1) == .page(chain.digests[2]))
    #expect(chain.state(after: 128, of: tokens) == .state(after: chain.digests[2], tail: []))
    #expect(chain.state(after: 130, of: tokens) == .state(after: chain.digests[2], tail: [128, 129]))
    let names = [chain.page(1), chain.state(after: 128, of: tokens), chain.state(after: 130, of: tokens)].map(
      \.fileName)
    #expect(Set(names).count == 3 && names.allSatisfy { $0.utf8.count < 100 })
  }
}
