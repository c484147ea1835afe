import Foundation
import Kernels
import ModelFiles
import Tensor

/// A sparse feed-forward layer: the experts a router picks for each token, and one that all tokens share.
struct MixtureOfExperts: Sendable {
  let sizes: ExpertConfiguration
  let router: Matrix
  let experts: [GatedMLP]
  let sharedExpert: GatedMLP
  let sharedExpertGate: Matrix
  /// The forms of input that the experts' first and second matrices take.
  private let inputForms: InputForms
  private let innerForms: InputForms

  init(_ configuration: ModelConfiguration, _ prefix: String, _ loader: inout WeightLoader) throws(ModelError) {
    sizes = configuration.experts
    let hidden = configuration.hiddenSize
    router = try loader.matrix("\(prefix).gate.weight", rows: sizes.count, columns: hidden)
    var experts: [GatedMLP] = []
    for expert in 0..<sizes.count {
      experts.append(
        try GatedMLP(
          "\(prefix).experts.\(expert)", hiddenSize: hidden, intermediateSize: sizes.intermediateSize, &loader))
    }
    self.experts = experts
    inputForms = InputForms(of: experts.flatMap { [$0.gate, $0.up] })
    innerForms = InputForms(of: experts.map(\.down))
    sharedExpert = try GatedMLP(
      "\(prefix).shared_expert", hiddenSize: hidden, intermediateSize: sizes.sharedIntermediateSize, &loader)
    sharedExpertGate = try loader.matrix("\(prefix).shared_expert_gate.weight", rows: 1, columns: hidden)
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
    let rowForms = inputForms.union(InputForms(of: [sharedExpert.gate, sharedExpert.up]))
    let rowInput = executor.prepare(input, rows: rows, columns: hidden, rowForms)
    executor.enqueue(router, input: input, tokens: rows, output: probabilities)
    executor.enqueue(sharedExpertGate, input: input, tokens: rows, output: sharedGates)
    executor.enqueue(
      gate: sharedExpert.gate, up: sharedExpert.up, input: rowInput, tokens: rows, output: sharedInner)
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
    executor.enqueue(sharedExpert.down, input: sharedInner, tokens: rows, output: output)
    for expert in 0..<sizes.count {
      let (start, count) = routing.range(of: expert)
      guard count > 0 else { continue }
      executor.enqueue(
        experts[expert].down, input: innerInput.from(row: start), tokens: count, output: results + start * hidden)
    }
    executor.runProducts()
    executor.forEachRow(rows, width: sizes.countPerToken * hidden) { row in
      let sum = output + row * hidden
      Elementwise.scale(sum, by: 1 / (1 + exp(-sharedGates[row])), count: hidden)
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
