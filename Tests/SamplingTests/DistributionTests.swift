import Foundation
import Sampling
import TestSupport
import Testing

@Suite struct DistributionTests {
  /// Logits spread as a language model's are: a few likely tokens and a long tail.
  private func logits(_ count: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in
      let uniform = Double.random(in: 0.0001...1, using: &random)
      return Float(-4 * log(uniform) + Double.random(in: -1...1, using: &random))
    }
  }

  private func counts(_ logits: [Float], _ parameters: SamplingParameters, draws: Int) -> [Int] {
    var sampler = Sampler(vocabularySize: logits.count)
    var counts = [Int](repeating: 0, count: logits.count)
    logits.withUnsafeBufferPointer { logits in
      for position in 0..<draws { counts[Int(sampler.sample(logits, parameters, position: position))] += 1 }
    }
    return counts
  }

  @Test(arguments: [0.4, 1, 1.7] as [Float], [0, 1, 5, 40, 120])
  func drawsFollowTheFilteredDistribution(temperature: Float, topK: Int) throws {
    for (size, draws) in [(120, 1000), (12, 1000)] {
      for topP in [1, 0.95, 0.5, 0.05] as [Float] {
        for minP in [0, 0.02, 0.3] as [Float] {
          let seed = UInt64(size + topK) &+ UInt64(topP * 100) &* 1000 &+ UInt64(minP * 100) &* 1_000_000
          let parameters = try SamplingParameters(
            temperature: temperature, topK: topK, topP: topP, minP: minP, seed: seed)
          let row = logits(size, seed: seed)
          let expected = referenceDistribution(row, parameters)
          let counts = counts(row, parameters, draws: draws)
          for id in row.indices where expected[id] == 0 { #expect(counts[id] == 0, "\(id) of \(parameters)") }
          // 360 seeded combinations: the greatest deviate of a fair sampler is expected at about 3.
          #expect(chiSquareDeviate(counts, expected) < 4.5, "\(parameters)")
        }
      }
    }
  }

  @Test func aLargeVocabularyIsCutAtTheSamePlace() throws {
    let row = logits(5000, seed: 5)
    for (topK, topP) in [(0, 0.9), (50, 1), (4000, 1), (4000, 0.99), (200, 0.8)] as [(Int, Float)] {
      let parameters = try SamplingParameters(temperature: 1.5, topK: topK, topP: topP, seed: 9)
      let expected = referenceDistribution(row, parameters)
      let counts = counts(row, parameters, draws: 150)
      #expect(row.indices.allSatisfy { expected[$0] > 0 || counts[$0] == 0 })
      #expect(abs(chiSquareDeviate(counts, expected)) < 4)
    }
  }

  @Test func aTestThatCanFail() {
    // The statistic notices a distribution that is a little off.
    let parameters = SamplingParameters.greedy
    #expect(referenceDistribution([1, 3, 3, 2], parameters) == [0, 1, 0, 0])
    #expect(chiSquareDeviate([1000, 1000], [0.5, 0.5]) < 1)
    #expect(chiSquareDeviate([1100, 900], [0.5, 0.5]) > 4)
  }

  @Test func theNucleusIncludesTheTokenThatCrosses() throws {
    // Probabilities 0.5, 0.25, 0.125, 0.125: exact in binary.
    let row = [0.5, 0.25, 0.125, 0.125].map { Float(log2($0)) * Float(M_LN2) }
    func support(_ topP: Float, minP: Float = 0) throws -> Set<Int> {
      let parameters = try SamplingParameters(topP: topP, minP: minP)
      return Set(counts(row, parameters, draws: 400).enumerated().filter { $0.element > 0 }.map(\.offset))
    }
    #expect(try support(0.4) == [0])
    #expect(try support(0.51) == [0, 1])
    #expect(try support(0.74) == [0, 1])
    // Of the two equal ones the lower id comes first.
    #expect(try support(0.8) == [0, 1, 2])
    #expect(try support(0.9) == [0, 1, 2, 3])
    #expect(try support(1, minP: 0.26) == [0, 1])
    #expect(try support(1, minP: 0.24) == [0, 1, 2, 3])
    #expect(try support(1, minP: 0.6) == [0])
  }

  @Test(arguments: [(0.3, 3), (0.5, 5), (0.7, 7), (0.9, 9), (0.95, 10), (0.001, 1)] as [(Float, Int)])
  func equalTokensAreANucleusByCount(topP: Float, kept: Int) throws {
    let row = [Float](repeating: -2.5, count: 10)
    let counts = counts(row, try SamplingParameters(temperature: 0.7, topP: topP), draws: 600)
    #expect(counts.map { $0 > 0 } == (0..<10).map { $0 < kept })
  }
}
