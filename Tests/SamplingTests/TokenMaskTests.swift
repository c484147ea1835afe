import TestSupport
import Testing

@testable import Sampling

@Suite struct TokenMaskTests {
  @Test(arguments: [1, 63, 64, 65, 200]) func aMaskIsASet(size: Int) {
    var random = SplitMix64(seed: UInt64(size))
    let members = Set((0..<size / 2 + 1).map { _ in Int32.random(in: 0..<Int32(size), using: &random) })
    var mask = TokenMask(vocabularySize: size)
    #expect(mask.first == nil)
    for id in members { mask[id] = true }
    mask[-1] = true
    mask[Int32(size)] = true
    #expect((-2...Int32(size) + 70).filter { mask[$0] } == members.sorted())
    #expect(mask.first == members.min())
    for id in members { mask[id] = false }
    #expect(mask == TokenMask(vocabularySize: size))
    #expect((0..<Int32(size)).allSatisfy { TokenMask(vocabularySize: size, allowsAll: true)[$0] })
  }

  @Test func wordsAreTheBits() {
    var mask = TokenMask(vocabularySize: 70)
    let count = mask.withWords { words in
      words[0] = 1 << 5 | 1 << 63
      words[1] = .max
      return words.count
    }
    #expect(count == 2 && count == TokenMask.wordCount(70))
    #expect((0..<80 as Range<Int32>).filter { mask[$0] } == [5, 63, 64, 65, 66, 67, 68, 69])
  }

  @Test func onlyAllowedTokensAreChosen() throws {
    var random = SplitMix64(seed: 2)
    let logits = (0..<150).map { _ in Float.random(in: -6...6, using: &random) }
    var mask = TokenMask(vocabularySize: 150)
    for id in [4, 64, 65, 127, 149] as [Int32] { mask[id] = true }
    let adjustment = try LogitAdjustment(bias: [4: -1, 65: 2, 80: 100])
    let masked = logits.enumerated().map { id, logit in
      mask[Int32(id)] ? logit + (adjustment.bias[Int32(id)] ?? 0) : -.infinity
    }
    var sampler = Sampler(vocabularySize: 150)
    for seed in 0..<100 as Range<UInt64> {
      let plain = try SamplingParameters(temperature: 3, topP: 0.9, seed: seed)
      let wanted = masked.withUnsafeBufferPointer { sampler.sample($0, plain, position: 1) }
      let parameters = try SamplingParameters(temperature: 3, topP: 0.9, seed: seed, adjustment: adjustment)
      #expect(logits.withUnsafeBufferPointer { sampler.sample($0, parameters, position: 1, mask: mask) } == wanted)
      #expect(mask[wanted])
    }
  }

  @Test func anAllowedTokenIsFoundWhereAllOfThemAreImpossible() throws {
    let logits: [Float] = [5, .nan, -.infinity, -.infinity]
    var mask = TokenMask(vocabularySize: 4)
    mask[2] = true
    mask[3] = true
    var sampler = Sampler(vocabularySize: 4)
    #expect(logits.withUnsafeBufferPointer { sampler.sample($0, .greedy, position: 0, mask: mask) } == 2)
  }
}
