/// Operations that treat every element alone.
public enum Elementwise {
  /// `y += x`.
  public static func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) {
    for i in stride(from: 0, to: count, by: 8) {
      y.store(y.lanes(at: i, count: count) + x.lanes(at: i, count: count), at: i, count: count)
    }
  }

  /// `y += factor · x`.
  public static func add(
    _ x: UnsafePointer<Float>, times factor: Float, to y: UnsafeMutablePointer<Float>, count: Int
  ) {
    for i in stride(from: 0, to: count, by: 8) {
      y.store(y.lanes(at: i, count: count) + x.lanes(at: i, count: count) * factor, at: i, count: count)
    }
  }

  /// `y *= factor`.
  public static func scale(_ y: UnsafeMutablePointer<Float>, by factor: Float, count: Int) {
    for i in stride(from: 0, to: count, by: 8) {
      y.store(y.lanes(at: i, count: count) * factor, at: i, count: count)
    }
  }

  /// `y = silu(gate) · y`, the gated linear unit of the MLPs.
  public static func multiply(
    bySiLUOf gate: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    for i in stride(from: 0, to: count, by: 8) {
      let g = gate.lanes(at: i, count: count)
      y.store(g * logistic(g) * y.lanes(at: i, count: count), at: i, count: count)
    }
  }

  /// `y = sigmoid(gate) · y`, attention's output gate.
  public static func multiply(
    bySigmoidOf gate: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    for i in stride(from: 0, to: count, by: 8) {
      y.store(y.lanes(at: i, count: count) * logistic(gate.lanes(at: i, count: count)), at: i, count: count)
    }
  }

  /// One output of a causal depthwise convolution, then SiLU:
  /// `output[c] = silu(Σj weights[j · weightStride + c] · taps[j][c])`, the oldest tap first.
  public static func convolve(
    taps: UnsafeBufferPointer<UnsafePointer<Float>>, weights: UnsafePointer<Float>, weightStride: Int, count: Int,
    output: UnsafeMutablePointer<Float>
  ) {
    for i in stride(from: 0, to: count, by: 8) {
      var sum = Lanes.zero
      for (j, tap) in taps.enumerated() {
        sum += tap.lanes(at: i, count: count) * (weights + j * weightStride).lanes(at: i, count: count)
      }
      output.store(sum * logistic(sum), at: i, count: count)
    }
  }

  /// Rotates pairs (i, i + half) of `x` by the angles whose cosines and sines are given (half-split RoPE).
  public static func rotate(
    _ x: UnsafeMutablePointer<Float>, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>, half: Int
  ) {
    for i in 0..<half {
      let (a, b) = (x[i], x[half + i])
      x[i] = a * cosines[i] - b * sines[i]
      x[half + i] = b * cosines[i] + a * sines[i]
    }
  }

  /// Rotates pairs (2i, 2i + 1) of `x` by the angles whose cosines and sines are given (interleaved RoPE).
  public static func rotateNeighbours(
    _ x: UnsafeMutablePointer<Float>, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>, pairs: Int
  ) {
    for i in 0..<pairs {
      let (a, b) = (x[2 * i], x[2 * i + 1])
      x[2 * i] = a * cosines[i] - b * sines[i]
      x[2 * i + 1] = b * cosines[i] + a * sines[i]
    }
  }
}
