import Tensor

/// Reproducible numbers in −1 ..< 1 (a linear congruential generator with Knuth's MMIX constants).
struct Numbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31
  }

  mutating func array(_ count: Int) -> [Float] { (0..<count).map { _ in next() } }
}

/// A float in a storage format: its bytes, and the value they stand for.
func stored(_ value: Float, as type: FloatType) -> (bytes: [UInt8], value: Float) {
  switch type {
  case .f32: (withUnsafeBytes(of: value) { Array($0) }, value)
  case .f16: (withUnsafeBytes(of: Float16(value)) { Array($0) }, Float(Float16(value)))
  case .bf16:
    (
      withUnsafeBytes(of: UInt16(value.bitPattern >> 16)) { Array($0) },
      Float(bitPattern: value.bitPattern & 0xffff_0000)
    )
  }
}

/// Whether two floats are the same bits, any NaN being the same.
func sameBits(_ a: [Float], _ b: [Float]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
}
