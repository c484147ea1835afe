import Dispatch
import Foundation
import Synchronization
import Testing

@testable import DiskCache

@Suite struct DiskCacheTests {
  private static let pageSize = 4
  private static let root = Digest((7, 7, 7, 7))

  private func open(_ path: String, _ reports: Reports = Reports()) throws -> DiskCache {
    try DiskCache(path: path, fingerprint: Digest((1, 2, 3, 4)), limit: 1 << 20) { reports.append($0) }
  }

  private func read(_ cache: DiskCache, _ items: [(item: CacheItem, byteCount: Int)]) -> [[UInt8]] {
    let done = DispatchSemaphore(value: 0)
    let result = Reports.Box<[[UInt8]]>([])
    cache.read(items) {
      result.set($0)
      done.signal()
    }
    done.wait()
    return result.value
  }

  @Test func whatWasWrittenIsThereForTheNextProcess() throws {
    try withTemporaryFolder { path in
      let tokens = Array(Int32(0)..<14)
      let chain = PageChain(tokens, pageSize: Self.pageSize, namespace: Self.root)
      let cache = try open(path)
      for number in 0..<3 { cache.write(chain.page(number), payload: [UInt8(number)]) }
      for count in [4, 10, 13] { cache.write(chain.state(after: count, of: tokens), payload: [UInt8(count), 1]) }
      #expect(cache.contains(chain.page(2)) && cache.contains(chain.state(after: 13, of: tokens)))
      cache.close()
      cache.write(chain.state(after: 1, of: tokens), payload: [0, 0])
      #expect(cache.statistics.written == 6)

      let next = try open(path)
      #expect(next.statistics.byteCount == cache.statistics.byteCount)
      #expect(!next.contains(chain.state(after: 1, of: tokens)))
      for (limit, expected) in [(3, 0), (4, 4), (9, 4), (10, 10), (12, 10), (13, 13), (14, 13)] {
        #expect(next.longestPrefix(of: tokens, limit: limit, chain: chain, needsStates: true) == expected)
      }
      #expect(next.longestPrefix(of: tokens, limit: 12, chain: chain, needsStates: false) == 12)
      // A prompt that goes another way behind the eleventh token.
      let other = Array(tokens.prefix(11)) + [99, 98, 97]
      let fork = PageChain(other, pageSize: Self.pageSize, namespace: Self.root)
      #expect(next.longestPrefix(of: other, limit: 14, chain: fork, needsStates: true) == 10)
      let items = [(chain.page(0), 1), (chain.page(1), 1), (chain.state(after: 10, of: tokens), 2)]
      #expect(read(next, items) == [[0], [1], [10, 1]])
      #expect(next.statistics.read == 3)
      next.close()
      #expect(read(next, items).isEmpty)
    }
  }

  @Test func readingEndsAtTheFirstThatIsNotThere() throws {
    try withTemporaryFolder { path in
      let tokens = Array(Int32(0)..<12)
      let chain = PageChain(tokens, pageSize: Self.pageSize, namespace: Self.root)
      let first = try open(path)
      for number in 0..<3 { first.write(chain.page(number), payload: [UInt8(number)]) }
      first.close()
      let reports = Reports()
      let cache = try open(path, reports)
      let folder = try #require(try FileManager.default.contentsOfDirectory(atPath: path).first)
      let damaged = "\(path)/\(folder)/\(chain.page(1).fileName)"
      var bytes = try Data(contentsOf: URL(fileURLWithPath: damaged))
      bytes[bytes.count - 1] ^= 1
      try bytes.write(to: URL(fileURLWithPath: damaged))
      #expect(read(cache, (0..<3).map { (chain.page($0), 1) }) == [[0]])
      #expect(!cache.contains(chain.page(1)) && cache.contains(chain.page(2)))
      #expect(cache.longestPrefix(of: tokens, limit: 12, chain: chain, needsStates: false) == 4)
      #expect(reports.all.count == 1 && reports.all.first?.contains(chain.page(1).fileName) == true)
      // It can be written anew.
      cache.write(chain.page(1), payload: [1])
      cache.close()
      #expect(try open(path).contains(chain.page(1)))
    }
  }

  @Test func manyThreadsMayAskAtOnce() throws {
    try withTemporaryFolder { path in
      let cache = try open(path)
      DispatchQueue.concurrentPerform(iterations: 8) { thread in
        for number in 0..<20 {
          let item = CacheItem.page(Digest((UInt64(number % 10), UInt64(thread % 2), 0, 0)))
          cache.write(item, payload: [UInt8(number % 10)])
          let found = read(cache, [(item, 1)])
          #expect(found.isEmpty || found == [[UInt8(number % 10)]])
        }
      }
      cache.close()
      #expect(cache.statistics.written >= 20)
    }
  }

  @Test func filesThatCannotBeWrittenAreToldOfOnce() throws {
    try withTemporaryFolder { path in
      let reports = Reports()
      let cache = try open(path, reports)
      let own = "\(path)/" + (try #require(try FileManager.default.contentsOfDirectory(atPath: path).first))
      let chain = PageChain(Array(0..<16), pageSize: Self.pageSize, namespace: Self.root)
      func write(_ number: Int) {
        cache.write(chain.page(number), payload: [1])
        while cache.statistics.written + cache.statistics.failed <= number { usleep(1000) }
      }
      try FileManager.default.removeItem(atPath: own)
      for number in 0..<3 { write(number) }
      try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: false)
      write(3)
      cache.close()
      #expect(cache.statistics.failed == 3 && reports.all.count == 2)
      #expect(reports.all.first?.contains(chain.page(0).fileName) == true)
      #expect(reports.all.last == "cache files are written again; 3 were not")
    }
  }

  @Test func noMoreWaitsThanMay() throws {
    try withTemporaryFolder { path in
      let cache = try open(path)
      #expect(cache.hasRoom(for: .max / 2))
      cache.close()
    }
  }
}

/// What a cache said.
private final class Reports: Sendable {
  final class Box<Value: Sendable>: Sendable {
    private let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value { state.withLock { $0 } }
    func set(_ value: Value) { state.withLock { $0 = value } }
  }

  private let state = Mutex<[String]>([])
  var all: [String] { state.withLock { $0 } }
  func append(_ text: String) { state.withLock { $0.append(text) } }
}
