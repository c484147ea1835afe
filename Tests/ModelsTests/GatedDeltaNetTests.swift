import Foundation
import JSON
import Kernels
import ModelFiles
import Testing

@testable import Models

@Suite struct GatedDeltaNetTests {
  /// Against transformers: a prompt and single steps, the convolution's state and the recurrent state included.
  @Test(arguments: InstructionSet.available) func agreesWithReference(set: InstructionSet) throws {
    for fixture in try BlockFixture.all("delta_net") {
      let model = try TemporaryModel(configuration: fixture.parameters, tensors: fixture.weights(prefix: "linear_attn"))
      let run = try DeltaNetRun(model)
      let input = try fixture.values("input")
      let whole = try run.outputs(input, chunk: .max, set)
      expectClose(whole, try fixture.values("output"), tolerance: 2e-5)
      for chunk in [1, 3, 16, 17] { #expect(try run.outputs(input, chunk: chunk, set) == whole, "chunks of \(chunk)") }
      try run.expectStates(fixture)
    }
  }

  /// Against a plain step-by-step computation in F64, for sizes that fit no vector and several chunks of rows.
  @Test(arguments: [(1, 1, 3, 2, 2), (2, 2, 8, 16, 4), (1, 3, 17, 33, 3), (2, 8, 32, 20, 1)])
  func agreesWithPlainLoops(keyHeads: Int, valueHeads: Int, keySize: Int, valueSize: Int, taps: Int) throws {
    let sizes: JSONObject = [
      "hidden_size": 12, "linear_num_key_heads": .integer(keyHeads),
      "linear_num_value_heads": .integer(valueHeads), "linear_key_head_dim": .integer(keySize),
      "linear_value_head_dim": .integer(valueSize), "linear_conv_kernel_dim": .integer(taps),
    ]
    let (keys, values) = (keyHeads * keySize, valueHeads * valueSize)
    var seed: UInt64 = 7
    func random(_ shape: Int..., scale: Float = 1) -> BlockFixture.Tensor {
      let count = shape.reduce(1, *)
      let numbers = (0..<count).map { _ -> Float in
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int32(truncatingIfNeeded: seed >> 32)) * 0x1p-31 * scale
      }
      return BlockFixture.Tensor(shape: shape, values: numbers)
    }
    let model = try TemporaryModel(
      configuration: sizes,
      tensors: [
        "model.layers.0.linear_attn.in_proj_qkvz.weight": random(2 * keys + 2 * values, 12),
        "model.layers.0.linear_attn.in_proj_ba.weight": random(2 * valueHeads, 12),
        "model.layers.0.linear_attn.out_proj.weight": random(12, values),
        "model.layers.0.linear_attn.conv1d.weight": random(2 * keys + values, 1, taps),
        "model.layers.0.linear_attn.dt_bias": random(valueHeads),
        "model.layers.0.linear_attn.A_log": random(valueHeads, scale: 2),
        "model.layers.0.linear_attn.norm.weight": random(valueSize),
      ])
    let run = try DeltaNetRun(model)
    let input = random(53, 12).values
    let expected = PlainDeltaNet(run.net).outputs(input)
    for set in InstructionSet.available {
      for chunk in [1, 16, 30, 53] {
        expectClose(try run.outputs(input, chunk: chunk, set), expected, tolerance: 1e-4, "\(set) chunks of \(chunk)")
      }
    }
  }
}

/// A delta net with one slot.
private final class DeltaNetRun {
  let configuration: ModelConfiguration
  let net: GatedDeltaNet
  private let owners: WeightOwners
  private let layout: DeltaStateLayout
  private let state: UnsafeMutableRawPointer

  init(_ model: TemporaryModel) throws {
    let folder = try model.folder
    configuration = folder.configuration
    var loader = WeightLoader(folder.configuration, folder.weights)
    net = try GatedDeltaNet(folder.configuration, layer: 0, &loader)
    try loader.checkAllTaken()
    owners = loader.owners
    layout = DeltaStateLayout(net.sizes, .f32)
    state = .allocate(byteCount: layout.byteCount, alignment: 64)
  }

  deinit { state.deallocate() }

  func outputs(_ input: [Float], chunk: Int, _ set: InstructionSet) throws -> [Float] {
    let width = configuration.hiddenSize
    state.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount)
    var output: [Float] = []
    let count = input.count / width
    for part in parts(count, chunk: min(chunk, count)) {
      let run = try BlockRun(configuration, tokens: part.count, threads: 2, set)
      var result = [Float](repeating: .nan, count: part.count * width)
      run.withBatch(position: part.lowerBound, count: part.count) { batch in
        net.forward(
          batch, input: rows(input, part, of: width), output: &result,
          states: DeltaStates(layout, base: state, slotStride: layout.byteCount), run.executor)
      }
      output += result
    }
    return output
  }

  /// The slot after the last run: the convolution's inputs, and the matrix with the open rows folded in.
  func expectStates(_ fixture: BlockFixture) throws {
    let sizes = net.sizes
    let channels = sizes.convolutionDimension
    let taps = sizes.convolutionKernelSize
    // The reference keeps as many inputs as there are taps; the oldest is never used again.
    let convolution = try fixture.values("convolutionState")
    for channel in 0..<channels {
      let kept = (0..<taps - 1).map { layout.convolutionInputs(of: state)[$0 * channels + channel] }
      expectClose(kept, Array(convolution[channel * taps + 1..<(channel + 1) * taps]), tolerance: 1e-5)
    }
    let chunk = DeltaStateLayout.chunkSize
    let open = try fixture.shape("input")[0] % chunk
    let expected = try fixture.values("recurrentState")
    let (keySize, valueSize) = (sizes.keyHeadDimension, sizes.valueHeadDimension)
    for head in 0..<sizes.valueHeadCount {
      let keyHead = head * sizes.keyHeadCount / sizes.valueHeadCount
      let keys = layout.openKeys(keyHead, of: state)
      let updates = layout.openUpdates(head, of: state)
      let decays = layout.decays(head, of: state)
      let stored = layout.matrix(head, of: state).assumingMemoryBound(to: Float.self)
      var matrix: [Float] = []
      for i in 0..<keySize {
        for j in 0..<valueSize {
          let (panel, column) = j.quotientAndRemainder(dividingBy: 32)
          var sum = decays[0] * stored[(panel * keySize + i) * 32 + column]
          for row in 0..<open {
            sum += decays[1 + row] * keys[row * keySize + i] * updates[(panel * chunk + row) * 32 + column]
          }
          matrix.append(sum)
        }
      }
      let size = keySize * valueSize
      expectClose(matrix, Array(expected[head * size..<(head + 1) * size]), tolerance: 1e-5)
    }
  }
}

/// The block as plain loops in F64.
private struct PlainDeltaNet {
  let net: GatedDeltaNet

  init(_ net: GatedDeltaNet) { self.net = net }

  private func product(_ matrix: Matrix, _ x: [Double]) -> [Double] {
    var row = [Float](repeating: 0, count: matrix.columns)
    return (0..<matrix.rows).map { index in
      matrix.copyRow(index, to: &row)
      return zip(row, x).reduce(0) { $0 + Double($1.0) * $1.1 }
    }
  }

  func outputs(_ input: [Float]) -> [Float] {
    let sizes = net.sizes
    let (keySize, valueSize) = (sizes.keyHeadDimension, sizes.valueHeadDimension)
    let group = sizes.valueHeadCount / sizes.keyHeadCount
    let width = net.inputProjections[0].columns
    var rules = (0..<sizes.valueHeadCount).map { _ in DeltaRuleReference(keySize: keySize, valueSize: valueSize) }
    var history: [[Double]] = []
    var output: [Float] = []
    for start in stride(from: 0, to: input.count, by: width) {
      let x = input[start..<start + width].map(Double.init)
      let mixed = product(net.inputProjections[0], x)
      let strengths = product(net.strengthProjection, x)
      let headWidth = 2 * keySize + 2 * group * valueSize
      func part(_ head: Int, _ offset: Int, _ count: Int) -> ArraySlice<Double> {
        mixed[head * headWidth + offset..<head * headWidth + offset + count]
      }
      let heads = 0..<sizes.keyHeadCount
      history.append(
        heads.flatMap { part($0, 0, keySize) } + heads.flatMap { part($0, keySize, keySize) }
          + heads.flatMap { part($0, 2 * keySize, group * valueSize) })
      let convolved = convolve(history)
      var results: [Double] = []
      for head in 0..<sizes.valueHeadCount {
        let keyHead = head / group
        let b = strengths[keyHead * 2 * group + head % group]
        let a = strengths[keyHead * 2 * group + group + head % group]
        let g = Double(net.decayRate.values[head]) * log1p(exp(a + Double(net.timeBias.values[head])))
        let valueStart = 2 * sizes.keyDimension + head * valueSize
        let result = rules[head].step(
          query: Array(convolved[keyHead * keySize..<(keyHead + 1) * keySize]),
          key: Array(convolved[sizes.keyDimension + keyHead * keySize..<sizes.keyDimension + (keyHead + 1) * keySize]),
          value: Array(convolved[valueStart..<valueStart + valueSize]), g: g, beta: 1 / (1 + exp(-b)))
        let gate = part(keyHead, 2 * keySize + (group + head % group) * valueSize, valueSize)
        results += normalize(result, gate: Array(gate))
      }
      output += product(net.outputProjection, results).map(Float.init)
    }
    return output
  }

  private func convolve(_ history: [[Double]]) -> [Double] {
    let taps = net.sizes.convolutionKernelSize
    let channels = net.sizes.convolutionDimension
    return (0..<channels).map { channel in
      var sum = 0.0
      for tap in 0..<taps where history.count - taps + tap >= 0 {
        sum += history[history.count - taps + tap][channel] * Double(net.convolution.values[tap * channels + channel])
      }
      return sum / (1 + exp(-sum))
    }
  }

  private func normalize(_ x: [Double], gate: [Double]) -> [Double] {
    let mean = x.reduce(0) { $0 + $1 * $1 } / Double(x.count)
    let scale = 1 / (mean + Double(net.normEpsilon)).squareRoot()
    return x.indices.map { x[$0] * scale * Double(net.norm.values[$0]) * gate[$0] / (1 + exp(-gate[$0])) }
  }
}
