import Foundation
import ModelFiles

/// The angles of rotary position embedding (Su et al., arXiv 2104.09864), with YaRN (Peng et al., arXiv 2309.00071).
struct RotaryEmbedding: Sendable {
  /// Angle per position of each pair.
  let inverseFrequencies: [Float]
  /// YaRN's factor on cosine and sine; 1 without.
  let magnitude: Float

  /// The F32 steps are those of the reference, since an angle's error grows with the position.
  init(_ rope: RotaryConfiguration) {
    let wavelengths = (0..<rope.pairCount).map { pow(Float(rope.theta), Float(2 * $0) / Float(rope.dimension)) }
    guard let yarn = rope.yarn else {
      inverseFrequencies = wavelengths.map { 1 / $0 }
      magnitude = 1
      return
    }
    // Pairs that turn often keep their frequency, slow ones are interpolated, with a ramp in between.
    let dimension = Double(rope.dimension)
    func correctionDimension(_ rotations: Double) -> Double {
      dimension * log(Double(yarn.originalContextLength) / (rotations * 2 * Double.pi)) / (2 * log(rope.theta))
    }
    var low = correctionDimension(yarn.betaFast)
    var high = correctionDimension(yarn.betaSlow)
    if yarn.truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    low = max(low, 0)
    high = min(high, dimension - 1)
    if low == high { high += 0.001 }
    inverseFrequencies = wavelengths.enumerated().map { index, wavelength in
      let kept = 1 - min(max((Float(index) - Float(low)) / Float(high - low), 0), 1)
      return 1 / (Float(yarn.factor) * wavelength) * (1 - kept) + 1 / wavelength * kept
    }
    magnitude = Float(yarn.attentionFactor)
  }

  /// Pairs that are rotated.
  var pairCount: Int { inverseFrequencies.count }

  /// Writes cosine and sine of every pair at `position`.
  func fill(position: Int, cosines: UnsafeMutablePointer<Float>, sines: UnsafeMutablePointer<Float>) {
    for (pair, frequency) in inverseFrequencies.enumerated() {
      let angle = Float(position) * frequency
      cosines[pair] = cos(angle) * magnitude
      sines[pair] = sin(angle) * magnitude
    }
  }
}
