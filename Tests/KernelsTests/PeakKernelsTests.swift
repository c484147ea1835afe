import Kernels
import TestSupport
import Testing

@Suite struct PeakKernelsTests {
  /// Every byte is read: what comes out is the exclusive or of all words.
  @Test(arguments: InstructionSet.available)
  func readsEveryByte(set: InstructionSet) {
    var random = SplitMix64(seed: 5)
    let words = (0..<32 * 7).map { _ in random.next() }
    var sink = [UInt64](repeating: 0, count: PeakKernels.sinkByteCount / 8)
    words.withUnsafeBytes { bytes in
      sink.withUnsafeMutableBytes { sink in
        guard let address = bytes.baseAddress, let sink = sink.baseAddress else { return }
        PeakKernels(set).read(address, byteCount: bytes.count, sink: sink)
      }
    }
    #expect(sink.reduce(0, ^) == words.reduce(0, ^))
  }

  @Test(arguments: InstructionSet.available)
  func countsWhatWasDone(set: InstructionSet) {
    let kernels = PeakKernels(set)
    var sink = [Float](repeating: 0, count: PeakKernels.sinkByteCount / 4)
    let (one, ten) = sink.withUnsafeMutableBytes { sink -> ([Int], [Int]) in
      guard let sink = sink.baseAddress else { return ([], []) }
      func counts(_ iterations: Int) -> [Int] {
        [
          kernels.int8(iterations: iterations, sink: sink), kernels.bf16(iterations: iterations, sink: sink),
          kernels.f32(iterations: iterations, sink: sink),
        ]
      }
      return (counts(1), counts(10))
    }
    #expect(ten == one.map { 10 * $0 })
    #expect(one.allSatisfy { $0 > 0 })
    // Twelve sums that start at 0 to 11: each becomes 0.999 · x + 0.5, ten times over.
    let expected = (0..<12).reduce(Float(0)) { total, start in
      total + (0..<10).reduce(Float(start)) { value, _ in value * 0.999 + 0.5 }
    }
    #expect(abs(sink[0] - expected) < 0.01)
  }
}
