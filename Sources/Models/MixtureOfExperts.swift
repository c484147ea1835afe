import Foundation
import Kernels
import ModelFiles
import Tensor

/// A sparse feed-forward layer: the experts a router picks for each token, and perhaps one that all tokens share.
struct MixtureOfExperts: Sendable {
  let sizes: ExpertConfiguration
  let router: Matrix
  let experts: [GatedMLP]
  let sharedExpert: SharedExpert?
  /// The forms of input that the experts' first and second matrices take.
  private let inputForms: InputForms
  private let innerForms: InputForms

  struct SharedExpert: Sendable {
    let mlp: GatedMLP
    /// One row: a token's product with it says, by a sigmoid, how much the expert counts.
    let gate: Matrix

    var inputForms: InputForms { InputForms(of: mlp.gate.type).union(InputForms(of: mlp.up.type)) }
  }

  init(_ configuration: ModelConfiguration, layer: Int, _ loader: inout WeightLoader) throws(ModelError) {
    sizes = configuration.experts
    let (hidden, inner, shared) = (
      configuration.hiddenSize, sizes.intermediateSize, sizes.sharedIntermediateSize
    )
    router = try loader.matrix(.router, layer: layer, rows: sizes.count, columns: hidden)
    let gates = try loader.expertMatrices(
      .expertGates, layer: layer, count: sizes.count, rows: inner, columns: hidden)
    let ups = try loader.expertMatrices(.expertUps, layer: layer, count: sizes.count, rows: inner, columns: hidden)
    let downs = try loader.expertMatrices(
      .expertDowns, layer: layer, count: sizes.count, rows: hidden, columns: inner)
    experts = gates.indices.map { GatedMLP(gate: gates[$0], up: ups[$0], down: downs[$0]) }
    inputForms = InputForms(of: gates + ups)
    innerForms = InputForms(of: downs)
    guard shared > 0 else {
      sharedExpert = nil
      return
    }
    sharedExpert = SharedExpert(
      mlp: GatedMLP(
        gate: try loader.matrix(.sharedGate, layer: layer, rows: shared, columns: hidden),
        up: try loader.matrix(.sharedUp, layer: layer, rows: shared, columns: hidden),
        down: try loader.matrix(.sharedDown, layer: layer, rows: hidden, columns: shared)),
      gate: try loader.matrix(.sharedExpertGate, layer: layer, rows: 1, columns: hidden))
  }

  static func workspaceBytes(_ sizes: ExpertConfiguration, hiddenSize: Int, tokens: Int) -> Int {
    let choices = tokens * sizes.countPerToken
    return Workspace.bytes(
      (Float.self, tokens * sizes.count), (Float.self, tokens), (Float.self, tokens * sizes.sharedIntermediateSize),
      (Int32.self, choices), (Float.self, choices), (Int32.self, choices), (Int32.self, sizes.count + 1),
      (Float.self, choices * hiddenSize), (Float.self, choices * sizes.intermediateSize),
      (Float.self, choices * hiddenSize))
      + InputForms.workspaceBytes(rows: tokens, columns: hiddenSize)
      + InputForms.workspaceBytes(rows: choices, columns: hiddenSize)
      + InputForms.workspaceBytes(rows: choices, columns: sizes.intermediateSize)
  }

  /// Products a layer queues at once: an expert each, the shared one, the router and the gate.
  static func productCapacity(_ sizes: ExpertConfiguration) -> Int { sizes.count + 4 }

  /// The feed-forward result of the rows of `input`, `hiddenSize` floats each, in `output`.
  ///
  /// Rows are grouped by expert, so that each expert's weights are read once. A row's result is the sum over its own
  /// choices from the most probable on, whatever the grouping.
  func forward(
    rows: Int, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, _ executor: Executor
  ) {
    let workspace = executor.workspace
    let mark = workspace.mark
    defer { workspace.release(to: mark) }
    let hidden = router.columns
    let choices = rows * sizes.countPerToken
    let probabilities = workspace.floats(rows * sizes.count)
    let sharedGates = workspace.floats(rows)
    let sharedInner = workspace.floats(rows * sizes.sharedIntermediateSize)
    let rowForms = inputForms.union(sharedExpert?.inputForms ?? [])
    let rowInput = executor.prepare(input, rows: rows, columns: hidden, rowForms)
    executor.enqueue(router, input: input, tokens: rows, output: probabilities)
    if let sharedExpert {
      executor.enqueue(sharedExpert.gate, input: input, tokens: rows, output: sharedGates)
      executor.enqueue(
        gate: sharedExpert.mlp.gate, up: sharedExpert.mlp.up, input: rowInput, tokens: rows, output: sharedInner)
    }
    executor.runProducts()

    let routing = Routing(
      experts: workspace.take(Int32.self, choices), weights: workspace.floats(choices),
      places: workspace.take(Int32.self, choices), starts: workspace.take(Int32.self, sizes.count + 1))
    executor.forEachRow(rows, width: sizes.count * sizes.countPerToken) { row in
      choose(row, probabilities + row * sizes.count, routing)
    }
    group(rows, routing)

    let gathered = gather(rowInput, rows: rows, routing, executor)
    let inner = workspace.floats(choices * sizes.intermediateSize)
    let results = workspace.floats(choices * hidden)
    for expert in 0..<sizes.count {
      let (start, count) = routing.range(of: expert)
      guard count > 0 else { continue }
      executor.enqueue(
        gate: experts[expert].gate, up: experts[expert].up, input: gathered.from(row: start), tokens: count,
        output: inner + start * sizes.intermediateSize)
    }
    executor.runProducts()
    let innerInput = executor.prepare(inner, rows: choices, columns: sizes.intermediateSize, innerForms)
    if let sharedExpert {
      executor.enqueue(sharedExpert.mlp.down, input: sharedInner, tokens: rows, output: output)
    }
    for expert in 0..<sizes.count {
      let (start, count) = routing.range(of: expert)
      guard count > 0 else { continue }
      executor.enqueue(
        experts[expert].down, input: innerInput.from(row: start), tokens: count, output: results + start * hidden)
    }
    executor.runProducts()
    executor.forEachRow(rows, width: sizes.countPerToken * hidden) { row in
      let sum = output + row * hidden
      if sharedExpert == nil {
        sum.update(repeating: 0, count: hidden)
      } else {
        Elementwise.scale(sum, by: 1 / (1 + exp(-sharedGates[row])), count: hidden)
      }
      for choice in row * sizes.countPerToken..<(row + 1) * sizes.countPerToken {
        Elementwise.add(
          results + Int(routing.places[choice]) * hidden, times: routing.weights[choice], to: sum, count: hidden)
      }
    }
  }

  /// The rows in the order of the experts they go to, once a choice.
  private func gather(_ input: MatrixInput, rows: Int, _ routing: Routing, _ executor: Executor) -> MatrixInput {
    let gathered = executor.take(rows: rows * sizes.countPerToken, columns: input.columns, inputForms)
    executor.forEachRow(rows, width: sizes.countPerToken * input.columns) { row in
      for choice in row * sizes.countPerToken..<(row + 1) * sizes.countPerToken {
        gathered.copyRow(Int(routing.places[choice]), from: input, row)
      }
    }
    return gathered
  }

  /// Which experts rows go to. A row has `countPerToken` consecutive choices, the most probable first.
  private struct Routing {
    let experts: UnsafeMutablePointer<Int32>
    let weights: UnsafeMutablePointer<Float>
    /// Where each choice stands among all choices sorted by expert.
    let places: UnsafeMutablePointer<Int32>
    /// Where each expert's choices start in that order.
    let starts: UnsafeMutablePointer<Int32>

    func range(of expert: Int) -> (start: Int, count: Int) {
      (Int(starts[expert]), Int(starts[expert + 1] - starts[expert]))
    }
  }

  /// The most probable experts of a row; of equals the one with the lower index. `scores` are consumed.
  private func choose(_ row: Int, _ scores: UnsafeMutablePointer<Float>, _ routing: Routing) {
    Softmax.normalize(scores, count: sizes.count)
    let first = row * sizes.countPerToken
    var total: Float = 0
    for rank in 0..<sizes.countPerToken {
      var best = 0
      for expert in 1..<max(1, sizes.count) where scores[expert] > scores[best] { best = expert }
      routing.experts[first + rank] = Int32(best)
      routing.weights[first + rank] = scores[best]
      total += scores[best]
      scores[best] = -1
    }
    guard sizes.normalizesTopK else { return }
    for rank in 0..<sizes.countPerToken { routing.weights[first + rank] /= total }
  }

  /// A counting sort of all choices by expert.
  private func group(_ rows: Int, _ routing: Routing) {
    routing.starts.update(repeating: 0, count: sizes.count + 1)
    let choices = rows * sizes.countPerToken
    for choice in 0..<choices { routing.starts[Int(routing.experts[choice]) + 1] += 1 }
    for expert in 0..<sizes.count { routing.starts[expert + 1] += routing.starts[expert] }
    // While placing, `starts[e]` runs to the end of e; shifting by one afterwards restores the starts.
    for choice in 0..<choices {
      let expert = Int(routing.experts[choice])
      routing.places[choice] = routing.starts[expert]
      routing.starts[expert] += 1
    }
    for expert in stride(from: sizes.count, to: 0, by: -1) { routing.starts[expert] = routing.starts[expert - 1] }
    routing.starts[0] = 0
  }
}
