import Foundation
import Testing

@testable import DiskCache

@Suite struct CacheFolderTests {
  private static let fingerprint = Digest((1, 2, 3, 4))

  private func item(_ number: UInt64) -> CacheItem { .page(Digest((number, 0, 0, 0))) }

  private func open(_ path: String, limit: Int = 1 << 20, _ fingerprint: Digest = fingerprint) throws -> CacheFolder {
    try CacheFolder(path: path, fingerprint: fingerprint, limit: limit)
  }

  private func files(_ path: String) -> [String] {
    (FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? [])
      .filter { $0.contains("/") }.map { path + "/" + $0 }.sorted()
  }

  @Test func filesOutliveTheFolder() throws {
    try withTemporaryFolder { path in
      var folder = try open(path)
      let state = CacheItem.state(after: Digest((9, 9, 9, 9)), tail: [3, 4])
      #expect(try folder.write(item(1), payload: [1, 2, 3]))
      #expect(try folder.write(state, payload: [4, 5]))
      var next = try open(path)
      #expect(Set(next.items) == [item(1), state])
      #expect(next.byteCount == folder.byteCount)
      #expect(try next.read(item(1), payloadByteCount: 3) == [1, 2, 3])
      #expect(try next.read(state, payloadByteCount: 2) == [4, 5])
    }
  }

  @Test func whatAnotherFingerprintWroteIsLeftAlone() throws {
    try withTemporaryFolder { path in
      var folder = try open(path)
      _ = try folder.write(item(1), payload: [1])
      var other = try open(path, Digest((5, 2, 3, 4)))
      #expect(other.items.isEmpty && other.byteCount == folder.byteCount)
      #expect(throws: CacheFileError.unreadable(code: ENOENT)) { try other.read(item(1), payloadByteCount: 1) }
      #expect(try folder.read(item(1), payloadByteCount: 1) == [1])
      // A file under a name that its content does not have.
      let file = try #require(files(path).first)
      let otherFolder = try #require(
        try FileManager.default.contentsOfDirectory(atPath: path).map { path + "/" + $0 }
          .first { !file.hasPrefix($0) })
      try FileManager.default.copyItem(atPath: file, toPath: otherFolder + "/" + item(1).fileName)
      #expect(try open(path, Digest((5, 2, 3, 4))).items.isEmpty)
    }
  }

  @Test func damagedFilesAreDeleted() throws {
    try withTemporaryFolder { path in
      var folder = try open(path)
      for number in 1...3 as ClosedRange<UInt64> { _ = try folder.write(item(number), payload: Array(0..<100)) }
      let paths = files(path)
      #expect(paths.count == 3)
      // Of one a bit of the content turns, one is cut, one has another length than is asked for.
      func file(_ number: UInt64) throws -> String { try #require(paths.first { $0.hasSuffix(item(number).fileName) }) }
      var bytes = try Data(contentsOf: URL(fileURLWithPath: file(1)))
      bytes[bytes.count - 40] ^= 1
      try bytes.write(to: URL(fileURLWithPath: file(1)))
      try Data(contentsOf: URL(fileURLWithPath: file(2))).dropLast(10).write(to: URL(fileURLWithPath: file(2)))
      #expect(throws: CacheFileError.damagedPayload) { try folder.read(item(1), payloadByteCount: 100) }
      #expect(throws: CacheFileError.self) { try folder.read(item(2), payloadByteCount: 100) }
      #expect(throws: CacheFileError.self) { try folder.read(item(3), payloadByteCount: 99) }
      #expect(Set(folder.removed) == [item(1), item(2), item(3)])
      #expect(files(path).isEmpty && folder.byteCount == 0)
    }
  }

  @Test func aFolderFullOfOtherThingsIsRead() throws {
    try withTemporaryFolder { path in
      var folder = try open(path)
      _ = try folder.write(item(1), payload: [1])
      let own = URL(fileURLWithPath: try #require(files(path).first)).deletingLastPathComponent()
      let strangers = ["notes.txt", "empty.page", "7.state", "1-1.part"]
      for name in strangers { try Data("mine".utf8).write(to: own.appendingPathComponent(name)) }
      let old = [FileAttributeKey.modificationDate: Date(timeIntervalSinceNow: -90_000)]
      try FileManager.default.setAttributes(old, ofItemAtPath: own.appendingPathComponent("1-1.part").path)
      try FileManager.default.createDirectory(
        at: own.appendingPathComponent("folder.page"), withIntermediateDirectories: false)
      let next = try open(path)
      #expect(next.items == [item(1)])
      // What is no cache file stays; what a dead process left goes.
      let left = try FileManager.default.contentsOfDirectory(atPath: own.path)
      #expect(Set(left) == [item(1).fileName, "notes.txt", "folder.page"])
    }
  }

  @Test func theLeastRecentlyUsedGoFirst() throws {
    try withTemporaryFolder { path in
      let size = CacheFile(fingerprint: Self.fingerprint, item: item(1), payloadByteCount: 1000).byteCount
      var folder = try open(path, limit: 10 * size)
      let payload = [UInt8](repeating: 1, count: 1000)
      for number in 1...10 as ClosedRange<UInt64> { #expect(try folder.write(item(number), payload: payload)) }
      #expect(folder.byteCount == 10 * size)
      _ = try folder.read(item(1), payloadByteCount: 1000)
      #expect(try folder.write(item(11), payload: payload))
      // A sixteenth more than is needed, so that it is not done each time.
      #expect(folder.removed == [item(2), item(3)])
      #expect(folder.byteCount == 9 * size)
      // A smaller limit takes effect at once; another process knows the order of use.
      let smaller = try open(path, limit: 3 * size)
      #expect(smaller.byteCount <= 3 * size && Set(smaller.items).isSuperset(of: [item(1), item(11)]))
      #expect(files(path).count == smaller.items.count)
      var small = try open(path, limit: 500)
      #expect(try !small.write(item(12), payload: payload))
    }
  }

  @Test func aFolderThatCannotBeUsedIsNamed() throws {
    let error = #expect(throws: DiskCacheError.self) { try open("/proc/no/such/folder") }
    #expect(error?.description.contains("/proc/no/such/folder") == true)
  }

  @Test func aFullDiskIsAnErrorAndLeavesNothing() throws {
    try withTemporaryFolder { path in
      var folder = try open(path)
      let own = try #require(try FileManager.default.contentsOfDirectory(atPath: path).first)
      try FileManager.default.removeItem(atPath: "\(path)/\(own)")
      #expect(throws: DiskCacheError.self) { try folder.write(item(1), payload: [1]) }
      #expect(folder.byteCount == 0 && files(path).isEmpty)
    }
  }
}

/// Runs `body` with a folder that is deleted afterwards.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder.path)
}
