import Foundation
import Kernels
import ModelFiles
import Tensor

/// One key head of a delta net, with its value heads, advancing one sequence.
struct DeltaHead {
  let net: GatedDeltaNet
  let keyHead: Int
  let layout: DeltaStateLayout
  /// The layer's state in the sequence's slot.
  let state: UnsafeMutableRawPointer
  /// The sequence's rows of the projections.
  let mixed: UnsafePointer<Float>
  let strengths: UnsafePointer<Float>
  /// The sequence's rows of the result, `valueDimension` floats each.
  let output: UnsafeMutablePointer<Float>
  let kernels: Kernels
  let scratch: DeltaScratch

  private var sizes: LinearAttentionConfiguration { net.sizes }
  private var keySize: Int { sizes.keyHeadDimension }
  private var valueSize: Int { sizes.valueHeadDimension }
  /// Value heads of this key head.
  private var group: Int { sizes.valueHeadCount / sizes.keyHeadCount }
  private var openKeys: UnsafeMutablePointer<Float> { layout.openKeys(keyHead, of: state) }

  /// Processes `count` rows, the first of which is at `position`.
  func advance(from position: Int, count: Int) {
    var row = 0
    while row < count {
      let open = (position + row) % DeltaStateLayout.chunkSize
      let rows = min(DeltaStateLayout.chunkSize - open, count - row)
      if open == 0, position + row > 0 { for head in 0..<group { close(valueHead: head) } }
      convolve(firstRow: row, rows: rows, open: open)
      // k·k and q·k of the new rows with every row of the open chunk.
      kernels.multiply(
        openKeys, .f32, rows: open + rows, inner: keySize, input: scratch.keys, tokens: 2 * rows,
        inputStride: keySize, output: scratch.products, outputStride: DeltaStateLayout.chunkSize)
      for head in 0..<group { advance(valueHead: head, firstRow: row, rows: rows, open: open) }
      row += rows
    }
    keepInputs(of: querySegment, count: count)
    keepInputs(of: keySegment, count: count)
    keepInputs(of: valueSegment, count: count)
  }

  // MARK: - Convolution

  /// Channels that are contiguous both in the projection and in the convolution.
  private struct Segment {
    let projected: Int
    let channel: Int
    let count: Int
  }

  private var querySegment: Segment {
    Segment(projected: net.inputOrder.queries.offset(keyHead), channel: keyHead * keySize, count: keySize)
  }
  private var keySegment: Segment {
    Segment(
      projected: net.inputOrder.keys.offset(keyHead), channel: sizes.keyDimension + keyHead * keySize, count: keySize)
  }
  private var valueSegment: Segment {
    Segment(
      projected: net.inputOrder.values.offset(keyHead), channel: 2 * sizes.keyDimension + keyHead * group * valueSize,
      count: group * valueSize)
  }

  /// Queries, keys and values of some rows: convolution, SiLU, unit length. The keys also join the open chunk.
  private func convolve(firstRow: Int, rows: Int, open: Int) {
    let queries = scratch.keys + rows * keySize
    for row in 0..<rows {
      let key = scratch.keys + row * keySize
      let query = queries + row * keySize
      convolve(keySegment, row: firstRow + row, output: key)
      convolve(querySegment, row: firstRow + row, output: query)
      convolve(valueSegment, row: firstRow + row, output: scratch.values + row * group * valueSize)
      Normalization.unitLength(key, epsilon: 1e-6, scale: 1, count: keySize, output: key)
      Normalization.unitLength(
        query, epsilon: 1e-6, scale: 1 / Float(keySize).squareRoot(), count: keySize, output: query)
    }
    (openKeys + open * keySize).update(from: scratch.keys, count: rows * keySize)
  }

  private func convolve(_ segment: Segment, row: Int, output: UnsafeMutablePointer<Float>) {
    let taps = sizes.convolutionKernelSize
    for tap in 0..<taps { scratch.taps[tap] = input(of: segment, row: row + tap - (taps - 1)) }
    kernels.convolve(
      taps: UnsafeBufferPointer(start: scratch.taps, count: taps), weights: net.convolution.values + segment.channel,
      weightStride: sizes.convolutionDimension, count: segment.count, output: output)
  }

  /// The convolution's input at a row of this step or, before it, of the state.
  private func input(of segment: Segment, row: Int) -> UnsafePointer<Float> {
    row >= 0
      ? mixed + row * net.inputOrder.width + segment.projected
      : UnsafePointer(keptInput(of: segment, layout.keptInputs + row))
  }

  private func keptInput(of segment: Segment, _ index: Int) -> UnsafeMutablePointer<Float> {
    layout.convolutionInputs(of: state) + index * sizes.convolutionDimension + segment.channel
  }

  /// Leaves the last inputs in the state, the oldest first.
  private func keepInputs(of segment: Segment, count: Int) {
    let kept = layout.keptInputs
    for index in 0..<kept {
      keptInput(of: segment, index).update(from: input(of: segment, row: count - kept + index), count: segment.count)
    }
  }

  // MARK: - Delta rule

  private func advance(valueHead: Int, firstRow: Int, rows: Int, open: Int) {
    let head = keyHead * group + valueHead
    let matrix = layout.matrix(head, of: state)
    let updates = layout.openUpdates(head, of: state)
    let boundaryDecay = layout.decays(head, of: state)
    let rowDecays = boundaryDecay + 1
    let ownDecays = layout.rowDecays(head, of: state)
    let width = layout.valuePanels * Kernels.panelWidth
    // Sᵀk of every row, then Sᵀq.
    kernels.accumulate(
      panels: matrix, layout.element, panelCount: layout.valuePanels, panelBytes: layout.matrixPanelBytes,
      count: keySize, coefficients: scratch.keys, coefficientStride: keySize, rows: 2 * rows, scales: nil,
      output: scratch.recalled, outputStride: width)
    for row in 0..<rows {
      let last = open + row
      let (beta, decay) = gates(row: firstRow + row, valueHead: valueHead)
      if last == 0 { boundaryDecay[0] = 1 }
      ownDecays[last] = decay
      for i in 0...last { boundaryDecay[i] *= decay }
      rowDecays[last] = 1

      let recalled = scratch.recalled + row * width
      let products = scratch.products + row * DeltaStateLayout.chunkSize
      combine(products, rowDecays, last, updates, boundaryDecay, recalled)
      let value = scratch.values + (row * group + valueHead) * valueSize
      for panel in 0..<layout.valuePanels {
        let column = panel * Kernels.panelWidth
        DeltaRule.update(
          value: value + column, recalled: recalled + column, beta: beta,
          count: min(Kernels.panelWidth, valueSize - column),
          output: updates + panel * layout.updatePanelFloats + last * Kernels.panelWidth)
      }

      let result = scratch.recalled + (rows + row) * width
      combine(products + rows * DeltaStateLayout.chunkSize, rowDecays, last + 1, updates, boundaryDecay, result)
      let gate =
        mixed + (firstRow + row) * net.inputOrder.width + net.inputOrder.gates.offset(keyHead)
        + valueHead * valueSize
      kernels.normalize(
        result, gate: gate, weights: net.norm.values, epsilon: net.normEpsilon, count: valueSize,
        output: output + (firstRow + row) * sizes.valueDimension + head * valueSize)
    }
  }

  /// `result = boundaryDecay · result + Σ products[i] · decays[i] · updates[i]`.
  private func combine(
    _ products: UnsafePointer<Float>, _ decays: UnsafePointer<Float>, _ count: Int, _ updates: UnsafePointer<Float>,
    _ boundaryDecay: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>
  ) {
    DeltaRule.decay(products, decays: decays, count: count, output: scratch.coefficients)
    kernels.accumulate(
      panels: updates, .f32, panelCount: layout.valuePanels, panelBytes: 4 * layout.updatePanelFloats, count: count,
      coefficients: scratch.coefficients, coefficientStride: count, rows: 1, scales: boundaryDecay, output: result,
      outputStride: 0)
  }

  /// How strongly a row is written (beta) and by what the state decays before it (e^g).
  private func gates(row: Int, valueHead: Int) -> (beta: Float, decay: Float) {
    let projected = strengths + row * net.strengthProjection.rows + keyHead * 2 * group
    let head = keyHead * group + valueHead
    let x = projected[group + valueHead] + net.timeBias.values[head]
    // Above 20 the logarithm no longer differs from x in F32.
    let softplus = x > 20 ? x : log1p(exp(x))
    return (1 / (1 + exp(-projected[valueHead])), exp(net.decayRate.values[head] * softplus))
  }

  /// Folds the full chunk into the matrix.
  private func close(valueHead: Int) {
    let head = keyHead * group + valueHead
    let matrix = layout.matrix(head, of: state)
    let updates = layout.openUpdates(head, of: state)
    let decays = layout.decays(head, of: state)
    let chunk = DeltaStateLayout.chunkSize
    DeltaRule.decayedTranspose(
      keys: openKeys, dimension: keySize, decays: decays + 1, count: chunk, output: scratch.coefficients)
    scratch.scales.update(repeating: decays[0], count: keySize)
    for index in 0..<layout.valuePanels {
      let stored = matrix + index * layout.matrixPanelBytes
      let panel = layout.element == .f32 ? stored.assumingMemoryBound(to: Float.self) : scratch.panel
      let count = keySize * Kernels.panelWidth
      if layout.element == .bf16 { CacheEncoding.decodeBF16(stored, count: count, to: panel) }
      kernels.accumulate(
        panels: updates + index * layout.updatePanelFloats, .f32, panelCount: 1, panelBytes: 0, count: chunk,
        coefficients: scratch.coefficients, coefficientStride: chunk, rows: keySize, scales: scratch.scales,
        output: panel, outputStride: Kernels.panelWidth)
      if layout.element == .bf16 { CacheEncoding.encode(panel, count: count, .bf16, to: stored) }
    }
  }
}

/// A thread's memory for one key head's rows of one chunk.
struct DeltaScratch {
  /// Keys of the new rows, then their queries.
  let keys: UnsafeMutablePointer<Float>
  /// Values, by row, then by value head.
  let values: UnsafeMutablePointer<Float>
  /// Products of the new keys, then queries, with the open chunk's keys.
  let products: UnsafeMutablePointer<Float>
  /// What the matrix holds for the new keys, then queries.
  let recalled: UnsafeMutablePointer<Float>
  let coefficients: UnsafeMutablePointer<Float>
  let scales: UnsafeMutablePointer<Float>
  /// A panel of the matrix.
  let panel: UnsafeMutablePointer<Float>
  /// The convolution's inputs, the oldest first.
  let taps: UnsafeMutablePointer<UnsafePointer<Float>>

  private static let rows = DeltaStateLayout.chunkSize

  init(_ memory: UnsafeMutablePointer<Float>, _ sizes: LinearAttentionConfiguration) {
    let group = sizes.valueHeadCount / sizes.keyHeadCount
    // Addresses first: they need the alignment.
    taps = UnsafeMutableRawPointer(memory).bindMemory(
      to: UnsafePointer<Float>.self, capacity: sizes.convolutionKernelSize)
    keys = memory + 2 * sizes.convolutionKernelSize
    values = keys + 2 * Self.rows * sizes.keyHeadDimension
    products = values + Self.rows * group * sizes.valueHeadDimension
    recalled = products + 2 * Self.rows * Self.rows
    coefficients = recalled + 2 * Self.rows * Self.valueWidth(sizes)
    scales = coefficients + Self.rows * sizes.keyHeadDimension
    panel = scales + sizes.keyHeadDimension
  }

  static func floats(_ sizes: LinearAttentionConfiguration) -> Int {
    let group = sizes.valueHeadCount / sizes.keyHeadCount
    return 2 * sizes.convolutionKernelSize + (3 * rows + 1 + Kernels.panelWidth) * sizes.keyHeadDimension
      + group * rows * sizes.valueHeadDimension + 2 * rows * (valueWidth(sizes) + rows)
  }

  /// A head's values in whole panels.
  private static func valueWidth(_ sizes: LinearAttentionConfiguration) -> Int {
    Kernels.panelCount(columns: sizes.valueHeadDimension) * Kernels.panelWidth
  }
}
