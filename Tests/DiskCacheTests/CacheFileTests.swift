import TestSupport
import Testing

@testable import DiskCache

@Suite struct CacheFileTests {
  private static let fingerprint = Digest((1, 2, 3, 4))
  private static let items: [CacheItem] = [
    .page(Digest((5, 6, 7, 8))), .state(after: Digest((5, 6, 7, 8)), tail: []),
    .state(after: Digest((5, 6, 7, 9)), tail: [1, -1, .max]),
  ]

  private func bytes(_ item: CacheItem, _ payload: [UInt8]) -> [UInt8] {
    let file = CacheFile(fingerprint: Self.fingerprint, item: item, payloadByteCount: payload.count)
    let header = file.header
    #expect(header.count == file.headerByteCount)
    return header + payload + payload.withUnsafeBytes { CacheFile.trailer(of: header, payload: $0) }
  }

  /// The payload, if the bytes are a whole file of the item.
  private func payload(_ bytes: [UInt8], of item: CacheItem) -> [UInt8]? {
    bytes.withUnsafeBytes { buffer in
      guard let file = try? CacheFile(parsing: buffer), file.fingerprint == Self.fingerprint, file.item == item,
        let range = try? file.checkPayload(of: buffer)
      else { return nil }
      return Array(buffer[range])
    }
  }

  @Test(arguments: items, [0, 1, 1000]) func whatIsWrittenIsRead(item: CacheItem, size: Int) {
    var random = SplitMix64(seed: UInt64(size))
    let content = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    #expect(payload(bytes(item, content), of: item) == content)
  }

  @Test(arguments: items) func everyDamageIsSeen(item: CacheItem) {
    let content = Array(UInt8(0)..<50)
    let whole = bytes(item, content)
    for index in whole.indices {
      for change in [1, 0x80, 0xFF] as [UInt8] {
        var damaged = whole
        damaged[index] ^= change
        #expect(payload(damaged, of: item) == nil, "byte \(index) changed by \(change)")
      }
    }
    for count in whole.indices { #expect(payload(Array(whole.prefix(count)), of: item) == nil, "cut to \(count)") }
    #expect(payload(whole + [0], of: item) == nil)
    #expect(payload([0] + whole, of: item) == nil)
  }

  /// Bytes of all kinds are read to the end or refused; whatever is accepted is what was written.
  @Test func mutatedFilesNeverPass() {
    var random = SplitMix64(seed: 4)
    let files = Self.items.map { bytes($0, Array(repeating: 7, count: 40)) }
    for _ in 0..<20_000 {
      let original = Int.random(in: files.indices, using: &random)
      var mutated = files[original]
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: mutated.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: mutated[place] = UInt8.random(in: .min ... .max, using: &random)
        case 1: mutated.removeSubrange(place..<min(mutated.count, place + Int.random(in: 1...64, using: &random)))
        case 2: mutated.insert(contentsOf: mutated.suffix(Int.random(in: 1...64, using: &random)), at: place)
        default:
          let number = [0, 1, .max, UInt32(mutated.count), 1 << 31].randomElement(using: &random) ?? 0
          let start = min(place / 4 * 4, max(0, mutated.count - 4))
          withUnsafeBytes(of: number.littleEndian) { bytes in
            mutated.replaceSubrange(start..<min(start + 4, mutated.count), with: bytes)
          }
        }
        if mutated.isEmpty { break }
      }
      for item in Self.items where mutated != files[original] { #expect(payload(mutated, of: item) == nil) }
    }
  }
}
