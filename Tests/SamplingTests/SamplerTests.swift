import Foundation
import TestSupport
import Testing

@testable import Sampling

@Suite struct SamplerTests {
  private func sample(_ logits: [Float], _ parameters: SamplingParameters, position: Int = 0) -> Int32 {
    var sampler = Sampler(vocabularySize: logits.count)
    return logits.withUnsafeBufferPointer { sampler.sample($0, parameters, position: position) }
  }

  /// The distinct tokens of many draws.
  private func support(_ logits: [Float], _ parameters: SamplingParameters) -> Set<Int32> {
    Set((0..<300).map { sample(logits, parameters, position: $0) })
  }

  @Test func greedyTakesTheGreatestAndOfEqualOnesTheFirst() throws {
    #expect(sample([1, 3, 2], .greedy) == 1)
    #expect(sample([1, 3, 3, 3], .greedy) == 1)
    #expect(sample([-0.0, 0.0], .greedy) == 0)
    #expect(sample([-.infinity, -5], .greedy) == 1)
    #expect(sample([.nan, -5, .nan], .greedy) == 1)
    #expect(sample([7, .infinity, .infinity], .greedy) == 1)
    #expect(try sample([1, 3, 3], SamplingParameters(temperature: 100, topK: 1)) == 1)
  }

  @Test func extremes() throws {
    let row: [Float] = [0.1, 0.5, 0.3, 0.5, -1]
    #expect(try support(row, SamplingParameters(temperature: 1e-30)) == [1, 3])
    #expect(try support(row, SamplingParameters(temperature: .leastNonzeroMagnitude)) == [1, 3])
    #expect(try support(row, SamplingParameters(temperature: .greatestFiniteMagnitude)) == [0, 1, 2, 3, 4])
    #expect(try support(row, SamplingParameters(topP: 0)) == [1])
    #expect(try support(row, SamplingParameters(topP: 1e-30)) == [1])
    #expect(try support(row, SamplingParameters(minP: 1)) == [1, 3])
    #expect(try support(row, SamplingParameters(topK: 1)) == [1])
    #expect(try support(row, SamplingParameters(topK: 2)) == [1, 3])
    #expect(try support(row, SamplingParameters(temperature: 5, topK: 5)) == [0, 1, 2, 3, 4])
    #expect(try support(row, SamplingParameters(temperature: 5, topK: .max)) == [0, 1, 2, 3, 4])
    #expect(try support([4], SamplingParameters(topK: 3, topP: 0.5, minP: 0.5)) == [0])
    #expect(try support([1, 1, 1], SamplingParameters(topK: 2)) == [0, 1])
    #expect(try support([1, 1, 1], SamplingParameters(topK: 2, topP: 0.5)) == [0])
  }

  @Test func impossibleTokensAreNeverChosen() throws {
    let row: [Float] = [-.infinity, 1, .nan, 1, -.infinity]
    for parameters in [
      try SamplingParameters(temperature: 2), try SamplingParameters(topK: 4), try SamplingParameters(topP: 0.99),
      try SamplingParameters(temperature: 1e9, topK: 4, topP: 0.99, minP: 0.1),
    ] {
      #expect(support(row, parameters) == [1, 3])
    }
    let nothing: [Float] = [-.infinity, .nan, -.infinity]
    #expect(try support(nothing, SamplingParameters(topP: 0.9)) == [0])
    #expect(try support([0, .infinity, 3], SamplingParameters(topK: 2)) == [1])
    #expect(try support([0, .infinity, .greatestFiniteMagnitude], SamplingParameters()) == [1, 2])
  }

  @Test func aChoiceDependsOnSeedAndPositionOnly() throws {
    var random = SplitMix64(seed: 3)
    let rows = (0..<6).map { _ in (0..<500).map { _ in Float.random(in: -3...3, using: &random) } }
    let parameters = try rows.indices.map {
      try SamplingParameters(
        temperature: 0.9, topK: [0, 20][$0 % 2], topP: [1, 0.9, 0.5][$0 % 3], minP: 0.01, seed: UInt64($0))
    }
    let alone = rows.indices.map { row in (0..<50).map { sample(rows[row], parameters[row], position: $0) } }
    // One sampler for all, in another order: scratch memory holds leftovers, and nothing changes.
    var sampler = Sampler(vocabularySize: 500)
    for position in (0..<50).reversed() {
      for row in rows.indices.shuffled(using: &random) {
        let token = rows[row].withUnsafeBufferPointer { sampler.sample($0, parameters[row], position: position) }
        #expect(token == alone[row][position])
      }
    }
  }

  @Test func selectionEqualsSorting() {
    var random = SplitMix64(seed: 8)
    for count in [1, 2, 3, 7, 100, 1000] {
      for spread in [1, 5, 1000] {
        let sorted = (0..<count)
          .map { RankKey(logit: Float(Int.random(in: -spread...spread, using: &random)) / 4, id: $0) }
          .sorted()
        var weights = [Double](repeating: 0, count: count)
        for key in sorted { weights[key.id] = Double(Int.random(in: 0...9, using: &random)) }
        let total = weights.reduce(0, +)
        for share in [0.01, 0.3, 0.5, 0.99, 1, 1.5] {
          var (sum, expected) = (0.0, 0)
          while expected < count, sum < share * total {
            sum += weights[sorted[expected].id]
            expected += 1
          }
          var keys = sorted.shuffled(using: &random)
          let found = keys.withUnsafeMutableBufferPointer { keys in
            keys.selectPrefix(reaching: share * total) { weights[$0.id] }
          }
          // Weightless tokens at the cut may fall on either side of it.
          let foundSum = keys[..<found].reduce(0) { $0 + weights[$1.id] }
          #expect(foundSum == sum && found <= expected || expected == count && sum < share * total)
          #expect(keys[..<found].sorted() == Array(sorted[..<found]))
        }
      }
    }
  }

  @Test func rankKeysOrderByLogitThenID() {
    let logits: [Float] = [
      .greatestFiniteMagnitude, 3, .leastNonzeroMagnitude, 0, -.leastNonzeroMagnitude, -3, -.greatestFiniteMagnitude,
      -.infinity,
    ]
    let keys = logits.enumerated().map { RankKey(logit: $0.element, id: $0.offset) }
    #expect(keys == keys.sorted() && zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 })
    #expect(keys.map(\.logit) == logits && keys.map(\.id) == Array(0..<8))
    #expect(RankKey(logit: -0.0, id: 3) == RankKey(logit: 0, id: 3))
    #expect(RankKey(logit: 1, id: 3) < RankKey(logit: 1, id: 4))
    #expect(keys.allSatisfy { $0 < .lowest })
  }

  @Test func parametersOutsideTheirRangeAreNamed() {
    func message(_ make: () throws -> SamplingParameters) -> String {
      do {
        _ = try make()
        return "accepted"
      } catch {
        return "\(error)"
      }
    }
    for temperature in [-0.1, .infinity, .nan] as [Float] {
      let text = message { try SamplingParameters(temperature: temperature) }
      #expect(text == "temperature is \(temperature), but must be 0 or more, finite")
    }
    #expect(message { try SamplingParameters(topK: -1) } == "top_k is -1, but must be 0 (off) or more")
    #expect(message { try SamplingParameters(topP: 1.5) } == "top_p is 1.5, but must be 0 to 1")
    #expect(message { try SamplingParameters(topP: .nan) } == "top_p is nan, but must be 0 to 1")
    #expect(message { try SamplingParameters(minP: -0.5) } == "min_p is -0.5, but must be 0 to 1")
    #expect(message { try SamplingParameters(temperature: 2, topK: 9, topP: 1, minP: 1) } == "accepted")
  }
}
