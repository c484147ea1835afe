import Foundation
import Sampling
import TestSupport
import Testing

@Suite struct LogProbabilityTests {
  private func reference(_ logits: [Float]) -> [Double] {
    let greatest = Double(logits.max() ?? 0)
    let sum = logits.reduce(0.0) { $0 + exp(Double($1) - greatest) }
    return logits.map { Double($0) - greatest - log(sum) }
  }

  @Test(arguments: [1, 2, 17, 400])
  func equalsTheDefinition(count: Int) {
    var random = SplitMix64(seed: UInt64(count))
    let logits = (0..<count).map { _ in Float.random(in: -30...30, using: &random) }
    let expected = reference(logits)
    var result = [Float](repeating: 0, count: count)
    logits.withUnsafeBufferPointer { logits in
      result.withUnsafeMutableBufferPointer { logProbabilities(logits, into: $0) }
      for id in 0..<count {
        #expect(abs(logProbability(of: Int32(id), logits) - expected[id]) < 1e-6)
      }
    }
    for id in 0..<count { #expect(abs(Double(result[id]) - expected[id]) < 1e-5) }
    #expect(abs(result.reduce(0.0) { $0 + exp(Double($1)) } - 1) < 1e-5)
  }

  @Test func largeLogitsDoNotOverflow() {
    [1000, 1000, -1000].withUnsafeBufferPointer { (logits: UnsafeBufferPointer<Float>) in
      #expect(abs(logProbability(of: 0, logits) - log(0.5)) < 1e-9)
      #expect(logProbability(of: 2, logits) < -1999)
    }
  }

  @Test func impossibleTokens() {
    [0, -.infinity, .nan, 0].withUnsafeBufferPointer { (logits: UnsafeBufferPointer<Float>) in
      #expect(abs(logProbability(of: 0, logits) - log(0.5)) < 1e-9)
      #expect(logProbability(of: 1, logits) == -.infinity)
      #expect(logProbability(of: 2, logits) == -.infinity)
      #expect(logProbability(of: -1, logits) == -.infinity && logProbability(of: 4, logits) == -.infinity)
    }
    [-.infinity, .nan].withUnsafeBufferPointer { (logits: UnsafeBufferPointer<Float>) in
      #expect(logPartition(logits) == -.infinity && logProbability(of: 0, logits) == -.infinity)
    }
  }

  @Test func theMostLikelyComeFirstAndOfEqualOnesTheLowestID() {
    let row: [Float] = [1, 4, 2, 4, 3, 4, -.infinity]
    let expected = reference(row)
    row.withUnsafeBufferPointer { logits in
      let top = topLogProbabilities(5, logits)
      #expect(top.map(\.id) == [1, 3, 5, 4, 2])
      for token in top { #expect(abs(token.logProbability - expected[Int(token.id)]) < 1e-6) }
      #expect(topLogProbabilities(2, logits).map(\.id) == [1, 3])
      #expect(topLogProbabilities(0, logits).isEmpty && topLogProbabilities(-1, logits).isEmpty)
      #expect(topLogProbabilities(99, logits).map(\.id) == [1, 3, 5, 4, 2, 0, 6])
      #expect(topLogProbabilities(99, logits).last?.logProbability == -.infinity)
    }
  }

  @Test func aScoreIsOfTheUntouchedRow() {
    let logits: [Float] = [0, 3, 1, 3, .nan, 2, -.infinity]
    var sampler = Sampler(vocabularySize: logits.count)
    logits.withUnsafeBufferPointer { logits in
      for count in [0, 1, 5, 20] {
        let score = sampler.score(logits, of: 5, alternatives: count)
        #expect(score.alternatives == topLogProbabilities(count, logits))
        #expect(score.token == TokenLogProbability(id: 5, logProbability: logProbability(of: 5, logits)))
      }
      #expect(sampler.score(logits, of: 6, alternatives: 0).token.logProbability == -.infinity)
      #expect(sampler.score(logits, of: 99, alternatives: 0).token.logProbability == -.infinity)
    }
  }
}
