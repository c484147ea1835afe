import JSON
import Testing

@testable import Tokenizer

struct BytePairModelTests {
  private func tokens(_ tokenizer: Tokenizer, _ text: String) -> [String?] {
    tokenizer.encode(text).map { tokenizer.token($0) }
  }

  @Test func lowestRankFirstThenLeftmost() throws {
    let tokenizer = try Tokenizer.bytes(merges: [("b", "c"), ("a", "b"), ("a", "a"), ("aa", "aa")])
    #expect(tokens(tokenizer, "abc") == ["a", "bc"])
    #expect(tokens(tokenizer, "abab") == ["ab", "ab"])
    #expect(tokens(tokenizer, "aaa") == ["aa", "a"])
    #expect(tokens(tokenizer, "aaaaaaa") == ["aaaa", "aa", "a"])
  }

  @Test func laterOfTwoEqualMergesCounts() throws {
    let tokenizer = try Tokenizer.bytes(merges: [("a", "b"), ("b", "c"), ("a", "b")])
    #expect(tokens(tokenizer, "abc") == ["a", "bc"])
  }

  @Test func wholeWordWithoutMerges() throws {
    let merges = [("b", "c"), ("a", "b"), ("ab", "c")]
    #expect(tokens(try .bytes(merges: merges), "abc") == ["a", "bc"])
    #expect(tokens(try .bytes(merges: merges, ignoresMerges: true), "abc") == ["abc"])
  }

  /// The definition, followed literally: find the best pair of the whole word, merge it, start again.
  private func literalMerge(_ word: String, ranks: [String: Int]) -> [String] {
    var parts = word.unicodeScalars.map { String($0) }
    while true {
      let pairs = parts.indices.dropLast().compactMap { index in
        ranks["\(parts[index]) \(parts[index + 1])"].map { (rank: $0, index: index) }
      }
      guard let best = pairs.min(by: { ($0.rank, $0.index) < ($1.rank, $1.index) }) else { return parts }
      parts.replaceSubrange(best.index...best.index + 1, with: [parts[best.index] + parts[best.index + 1]])
    }
  }

  @Test func agreesWithTheDefinitionOnRandomMerges() throws {
    var random = SplitMix64(state: 5)
    for _ in 0..<6 {
      var known = ["a", "b", "c"]
      var merges: [(String, String)] = []
      var ranks: [String: Int] = [:]
      while merges.count < 25 {
        let (left, right) = (known.randomElement(using: &random)!, known.randomElement(using: &random)!)
        guard ranks["\(left) \(right)"] == nil, left.utf8.count + right.utf8.count < 9 else { continue }
        ranks["\(left) \(right)"] = merges.count
        merges.append((left, right))
        if !known.contains(left + right) { known.append(left + right) }
      }
      let tokenizer = try Tokenizer.bytes(merges: merges)
      for _ in 0..<100 {
        let word = (0..<Int.random(in: 1...40, using: &random)).map { _ in
          ["a", "b", "c"].randomElement(using: &random)!
        }
        .joined()
        #expect(tokens(tokenizer, word) == literalMerge(word, ranks: ranks), "\(word) \(merges)")
      }
    }
  }

  @Test func hugeWord() throws {
    let tokenizer = try Tokenizer.bytes(merges: [("a", "a"), ("aa", "aa"), ("aaaa", "aaaa"), ("a", "b")])
    let ids = tokenizer.encode(String(repeating: "a", count: 200_001) + "b")
    #expect(ids.count == 25_001)
    #expect(tokenizer.decode(ids).utf8.count == 200_002)
    #expect(tokens(tokenizer, String(repeating: "a", count: 9) + "b").last == "ab")
  }

  @Test func queueIsSorted() {
    var random = SplitMix64(state: 9)
    var queue = MergeQueue()
    var expected: [(UInt32, Int)] = []
    for position in 0..<500 {
      let rank = UInt32.random(in: 0..<50, using: &random)
      queue.insert(MergeTable.Merge(rank: rank, merged: 0), position: position)
      expected.append((rank, position))
    }
    queue.insert(.none, position: 0)
    for (rank, position) in expected.sorted(by: <) {
      let first = queue.popFirst()
      #expect(first?.rank == rank && first?.position == position)
    }
    #expect(queue.popFirst() == nil)
  }
}
