import Tensor
import Testing

@testable import Synthesis

@Suite struct TensorMakerTests {
  private func draw(_ type: ElementType, _ values: ValueRange, count: Int = 1 << 17) -> [Float] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: type.byteCount(elements: count), alignment: 64)
    defer { buffer.deallocate() }
    var random = Xoshiro256(seed: 5, stream: 1, part: 2)
    if let floatType = type.floatType {
      FloatMaker.fill(buffer, floatType, values, &random)
    } else {
      BlockMaker.fill(buffer, type, deviation: values.deviation, &random)
    }
    return [Float](unsafeUninitializedCapacity: count) { output, initialized in
      guard let source = buffer.baseAddress, let start = output.baseAddress else { return }
      Dequantization.dequantize(type, source, count: count, to: start)
      initialized = count
    }
  }

  @Test(arguments: ElementType.allCases, [0.8, 0.02] as [Float])
  func valuesHaveTheirDeviationAndNoMean(type: ElementType, deviation: Float) {
    let values = draw(type, .around(deviation: deviation)).map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    #expect(abs(mean) < 0.02 * Double(deviation))
    #expect(abs(square.squareRoot() / Double(deviation) - 1) < 0.02)
    // Nothing that a trained model would not have.
    #expect(values.allSatisfy { abs($0) < 6 * Double(deviation) })
  }

  @Test func evenValuesStayInTheirRange() {
    let values = draw(.f32, .between(0.8, 1.2))
    #expect(values.allSatisfy { (0.8...1.2).contains($0) })
    #expect(abs(values.reduce(0, +) / Float(values.count) - 1) < 0.01)
  }

  @Test func partsDiffer() {
    var seen: Set<UInt64> = []
    for stream in 0..<16 {
      for part in 0..<16 {
        var random = Xoshiro256(seed: 7, stream: stream, part: part)
        #expect(seen.insert(random.next()).inserted)
      }
    }
  }

  @Test func mixesFollowTheQuantiser() {
    let downs = (0..<8).map { WeightMix.q4KM.type(.down, layer: $0, layerCount: 8, columns: 512) }
    #expect(downs == [.q6K, .q4K, .q4K, .q6K, .q4K, .q4K, .q6K, .q6K])
    #expect(WeightMix.q40.type(.output, layer: 0, layerCount: 8, columns: 512) == .q6K)
    #expect(WeightMix.q40.type(.down, layer: 0, layerCount: 8, columns: 512) == .q40)
    #expect(WeightMix.q80.type(.output, layer: 0, layerCount: 8, columns: 512) == .q80)
    #expect(WeightMix.q4KM.type(.other, layer: 1, layerCount: 8, columns: 96) == .q50)
    #expect(WeightMix.q4KM.type(.output, layer: 1, layerCount: 8, columns: 96) == .q80)
    #expect(WeightMix.q6K.type(.other, layer: 1, layerCount: 8, columns: 40) == .f16)
    #expect(WeightMix.bf16.type(.output, layer: 1, layerCount: 8, columns: 40) == .bf16)
  }

  @Test func vocabulariesAreDistinct() {
    let vocabulary = SyntheticVocabulary(size: 20_000)
    #expect(vocabulary.tokens.count == 20_000)
    #expect(Set(vocabulary.tokens).count == 20_000)
    #expect(SyntheticVocabulary(size: SyntheticVocabulary.minimumSize).endOfTextID == 256 + vocabulary.merges.count)
    #expect(vocabulary.kind(of: vocabulary.endOfTurnID) == .special)
    #expect(vocabulary.tokens[vocabulary.endOfTurnID] == "<|im_end|>")
  }
}
