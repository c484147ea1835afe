import Testing

@testable import Sampling

@Suite struct KeyedRandomTests {
  /// Known answers that the authors publish with their library Random123.
  @Test func philoxEqualsItsAuthorsVectors() {
    #expect(
      KeyedRandom.philox(counter: SIMD4(repeating: 0), key: SIMD2(repeating: 0))
        == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
    #expect(
      KeyedRandom.philox(counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max))
        == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
    #expect(
      KeyedRandom.philox(
        counter: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), key: SIMD2(0xA409_3822, 0x299F_31D0))
        == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
  }

  @Test func numbersAreUniform() {
    for seed in [0, 1, 12345, .max] as [UInt64] {
      var buckets = [Int](repeating: 0, count: 64)
      for position in 0..<16_384 {
        let uniform = KeyedRandom.uniform(seed: seed, position: position)
        // An index out of range would be a number outside [0, 1).
        buckets[Int((uniform * 64).rounded(.down))] += 1
      }
      #expect(abs(chiSquareDeviate(buckets, [Double](repeating: 1.0 / 64, count: 64))) < 3.5)
    }
  }

  @Test func neighboursAreUncorrelated() {
    func correlation(_ pair: (Int) -> (Double, Double)) -> Double {
      let count = 16_384
      // Of uniform numbers: mean 1/2, variance 1/12.
      let sum = (0..<count).reduce(0.0) { sum, index in
        let (a, b) = pair(index)
        return sum + (a - 0.5) * (b - 0.5)
      }
      return sum * 12 / Double(count)
    }
    // Standard deviation 1/128.
    for distance in [1, 2, 64, 1 << 32] {
      let positions = correlation {
        (KeyedRandom.uniform(seed: 7, position: $0), KeyedRandom.uniform(seed: 7, position: $0 + distance))
      }
      let seeds = correlation {
        (
          KeyedRandom.uniform(seed: 7, position: $0),
          KeyedRandom.uniform(seed: 7 + UInt64(distance), position: $0)
        )
      }
      #expect(abs(positions) < 0.03 && abs(seeds) < 0.03)
    }
    let shifted = correlation {
      (KeyedRandom.uniform(seed: UInt64($0), position: 3), KeyedRandom.uniform(seed: UInt64($0 + 1), position: 2))
    }
    #expect(abs(shifted) < 0.03)
  }

  @Test func choicesHaveSeedsOfTheirOwn() throws {
    let parameters = try SamplingParameters(temperature: 0.5, topK: 3, seed: 42)
    #expect(parameters.choice(0) == parameters)
    let seeds = (0..<128).map { parameters.choice($0).seed }
    #expect(Set(seeds).count == 128)
    #expect(seeds == (0..<128).map { parameters.choice($0).seed })
    #expect(parameters.choice(5).topK == 3 && parameters.choice(5).temperature == 0.5)
    #expect(try SamplingParameters(seed: 43).choice(1).seed != seeds[1])
  }
}
