import Foundation
import ModelFiles

/// The angles of rotary position embedding (Su et al., arXiv 2104.09864), with YaRN (Peng et al., arXiv 2309.00071)
/// and the other context extensions.
struct RotaryEmbedding: Sendable {
  /// Angle per position of each pair.
  let inverseFrequencies: [Float]
  /// YaRN's factor on cosine and sine; 1 without.
  let magnitude: Float

  /// The F32 steps are those of the reference, since an angle's error grows with the position.
  ///
  /// - Parameter divisors: what each pair's frequency is divided by, where a file states it pair by pair.
  init(_ rope: RotaryConfiguration, divisors: [Float]? = nil) {
    let wavelengths = (0..<rope.pairCount).map { pow(Float(rope.theta), Float(2 * $0) / Float(rope.dimension)) }
    var frequencies: [Float]
    switch rope.scaling {
    case .none: frequencies = wavelengths.map { 1 / $0 }
    case .linear(let factor): frequencies = wavelengths.map { 1 / $0 / Float(factor) }
    case .llama3(let scaling): frequencies = wavelengths.map { scaling.frequency(1 / $0) }
    case .yarn(let yarn): frequencies = yarn.frequencies(wavelengths, rope)
    }
    if let divisors { frequencies = zip(frequencies, divisors).map { $0 / $1 } }
    inverseFrequencies = frequencies
    magnitude = rope.yarn.map { Float($0.attentionFactor) } ?? 1
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

/// Cosines and sines of a batch's rows, `pairCount` floats a row.
struct RotaryAngles {
  let cosines: UnsafeMutablePointer<Float>
  let sines: UnsafeMutablePointer<Float>
  private let pairCount: Int

  /// Memory for `rows` rows.
  init(_ rotary: RotaryEmbedding, rows: Int, _ workspace: Workspace) {
    pairCount = rotary.pairCount
    cosines = workspace.floats(rows * pairCount)
    sines = workspace.floats(rows * pairCount)
  }

  static func workspaceBytes(_ rope: RotaryConfiguration, rows: Int) -> Int {
    Workspace.bytes((Float.self, rows * rope.pairCount), (Float.self, rows * rope.pairCount))
  }

  /// Writes the angles of a row that stands at `position`.
  func fill(row: Int, position: Int, _ rotary: RotaryEmbedding) {
    rotary.fill(position: position, cosines: cosines + row * pairCount, sines: sines + row * pairCount)
  }
}

extension YaRNConfiguration {
  /// Pairs that turn often keep their frequency, slow ones are interpolated, with a ramp in between.
  fileprivate func frequencies(_ wavelengths: [Float], _ rope: RotaryConfiguration) -> [Float] {
    let dimension = Double(rope.dimension)
    func correctionDimension(_ rotations: Double) -> Double {
      dimension * log(Double(originalContextLength) / (rotations * 2 * Double.pi)) / (2 * log(rope.theta))
    }
    var low = correctionDimension(betaFast)
    var high = correctionDimension(betaSlow)
    if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    low = max(low, 0)
    high = min(high, dimension - 1)
    if low == high { high += 0.001 }
    return wavelengths.enumerated().map { index, wavelength in
      let kept = 1 - min(max((Float(index) - Float(low)) / Float(high - low), 0), 1)
      return 1 / (Float(factor) * wavelength) * (1 - kept) + 1 / wavelength * kept
    }
  }
}

extension Llama3Scaling {
  /// Short waves stay, long ones are slowed down by the factor, with a linear ramp over the frequency in between.
  fileprivate func frequency(_ original: Float) -> Float {
    let length = Float(originalContextLength)
    let wavelength = 2 * Float.pi / original
    if wavelength < length / Float(highFrequencyFactor) { return original }
    if wavelength > length / Float(lowFrequencyFactor) { return original / Float(factor) }
    let kept =
      (length / wavelength - Float(lowFrequencyFactor)) / Float(highFrequencyFactor - lowFrequencyFactor)
    return (1 - kept) * original / Float(factor) + kept * original
  }
}
