import Kernels

/// Where an online softmax over some rows stands: each row's weighted sum of values, its largest score, and the total
/// of its weights relative to that score.
struct OnlineSoftmax {
  /// Floats of a row's sums: the head size in whole panels.
  let width: Int
  let sums: UnsafeMutablePointer<Float>
  let maxima: UnsafeMutablePointer<Float>
  let totals: UnsafeMutablePointer<Float>

  /// The state of `rows` rows in `floats(rows:dimension:)` floats of memory.
  init(_ memory: UnsafeMutablePointer<Float>, rows: Int, dimension: Int) {
    width = Self.width(dimension)
    sums = memory
    maxima = sums + rows * width
    totals = maxima + rows
  }

  private init(_ other: OnlineSoftmax, droppingRows rows: Int) {
    width = other.width
    sums = other.sums + rows * width
    maxima = other.maxima + rows
    totals = other.totals + rows
  }

  static func floats(rows: Int, dimension: Int) -> Int { rows * (width(dimension) + 2) }

  private static func width(_ dimension: Int) -> Int {
    Kernels.panelCount(columns: dimension) * Kernels.panelWidth
  }

  /// The rows from `first` on.
  func dropping(rows first: Int) -> OnlineSoftmax { OnlineSoftmax(self, droppingRows: first) }

  /// Puts rows into the state before the first score.
  func clear(rows: Int) {
    sums.update(repeating: 0, count: rows * width)
    maxima.update(repeating: -.infinity, count: rows)
    totals.update(repeating: 0, count: rows)
  }

  /// Takes in what the same rows got from later scores.
  func join(_ later: OnlineSoftmax, rows: Int) {
    // A row that saw none of the later scores stays as it is.
    for row in 0..<rows where later.totals[row] > 0 {
      Softmax.join(
        sums: sums + row * width, maximum: &maxima[row], total: &totals[row], later: later.sums + row * width,
        laterMaximum: later.maxima[row], laterTotal: later.totals[row], count: width)
    }
  }
}
