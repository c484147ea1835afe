import Foundation
import Kernels
import ModelFiles

/// Linear attention by the gated delta rule (Yang et al., Gated Delta Networks, arXiv 2412.06464), behind a short
/// causal convolution and followed by a gated norm.
///
/// Prefill and decode are one form. With S the matrix at the last chunk boundary and D(t,i) the decay from row i to
/// row t (D(t,0) from the boundary), a row's update and output are
///
///     u_t = beta_t · (v_t − D(t,0)·Sᵀk_t − Σ_{i<t} (k_t·k_i)·D(t,i)·u_i)
///     o_t = D(t,0)·Sᵀq_t + Σ_{i≤t} (q_t·k_i)·D(t,i)·u_i
///
/// so no row depends on how many rows came with it.
struct GatedDeltaNet: Sendable {
  let sizes: LinearAttentionConfiguration
  /// Queries, keys, values and gates: one matrix, or the gates' apart.
  let inputProjections: [Matrix]
  /// Where a row of their results holds what.
  let inputOrder: DeltaInputOrder
  /// Rows of each key head: its value heads' write strengths, then their decays.
  let strengthProjection: Matrix
  let outputProjection: Matrix
  /// By tap, then by channel: all queries, all keys, all values.
  let convolution: Vector
  let timeBias: Vector
  /// −exp(A_log).
  let decayRate: Vector
  let norm: Vector
  let normEpsilon: Float

  init(_ configuration: ModelConfiguration, layer: Int, _ loader: inout WeightLoader) throws(ModelError) {
    sizes = configuration.linearAttention
    let hidden = configuration.hiddenSize
    let (inputs, gates) = (sizes.convolutionDimension, sizes.valueDimension)
    if loader.layout == .huggingFace || loader.contains(.deltaInputs, layer: layer) {
      inputProjections = [try loader.matrix(.deltaInputs, layer: layer, rows: inputs + gates, columns: hidden)]
      inputOrder = .byKeyHead(sizes)
    } else {
      inputProjections = [
        try loader.matrix(.deltaInputsWithoutGates, layer: layer, rows: inputs, columns: hidden),
        try loader.matrix(.deltaGates, layer: layer, rows: gates, columns: hidden),
      ]
      inputOrder = .flat(sizes)
    }
    strengthProjection = try loader.matrix(
      .deltaStrengths, layer: layer, rows: 2 * sizes.valueHeadCount, columns: hidden)
    outputProjection = try loader.matrix(.deltaOutput, layer: layer, rows: hidden, columns: sizes.valueDimension)
    convolution = try loader.convolution(
      layer: layer, channels: sizes.convolutionDimension, taps: sizes.convolutionKernelSize)
    timeBias = try loader.vector(.timeBias, layer: layer, count: sizes.valueHeadCount)
    decayRate = try loader.decayRate(layer: layer, count: sizes.valueHeadCount)
    norm = try loader.norm(.deltaNorm, layer: layer, count: sizes.valueHeadDimension)
    normEpsilon = Float(configuration.normEpsilon)
  }

  static func workspaceBytes(_ sizes: LinearAttentionConfiguration, tokens: Int) -> Int {
    Workspace.bytes(
      (Float.self, tokens * 2 * (sizes.keyDimension + sizes.valueDimension)),
      (Float.self, tokens * 2 * sizes.valueHeadCount), (Float.self, tokens * sizes.valueDimension))
  }

  static func scratchFloats(_ sizes: LinearAttentionConfiguration) -> Int {
    DeltaScratch.floats(sizes)
  }

  /// Mixes the rows of `input` into `output`, `hiddenSize` floats each, and advances the sequences' states. A sequence
  /// at position 0 must have a state of zeros.
  func forward(
    _ batch: Batch, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, states: DeltaStates,
    _ executor: Executor
  ) {
    let mark = executor.workspace.mark
    defer { executor.workspace.release(to: mark) }
    let rows = batch.rowCount
    let mixed = executor.workspace.floats(rows * inputOrder.width)
    let strengths = executor.workspace.floats(rows * strengthProjection.rows)
    let recalled = executor.workspace.floats(rows * sizes.valueDimension)
    var column = 0
    for projection in inputProjections {
      executor.enqueue(
        projection, input: input, tokens: rows, output: mixed + column, outputStride: inputOrder.width)
      column += projection.rows
    }
    executor.enqueue(strengthProjection, input: input, tokens: rows, output: strengths)
    executor.runProducts()

    let tileCount = batch.sequences.count * sizes.keyHeadCount
    executor.run(tileCount, work: 3 * rows * sizes.valueDimension * sizes.keyHeadDimension) { tile, worker in
      let sequence = batch.sequences[tile / sizes.keyHeadCount]
      let head = DeltaHead(
        net: self, keyHead: tile % sizes.keyHeadCount, layout: states.layout, state: states.slot(sequence.slot),
        mixed: mixed + sequence.firstRow * inputOrder.width,
        strengths: strengths + sequence.firstRow * strengthProjection.rows,
        output: recalled + sequence.firstRow * sizes.valueDimension, kernels: executor.kernels,
        scratch: DeltaScratch(executor.scratch(of: worker), sizes))
      head.advance(from: sequence.position, count: sequence.count)
    }
    executor.enqueue(outputProjection, input: recalled, tokens: rows, output: output)
    executor.runProducts()
  }
}
