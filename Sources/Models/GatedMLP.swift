import ModelFiles

/// A gated MLP: `down · (silu(gate · x) · (up · x))`.
struct GatedMLP: Sendable {
  let gate: Matrix
  let up: Matrix
  let down: Matrix

  /// The MLP of a dense layer.
  init(_ configuration: ModelConfiguration, layer: Int, _ loader: inout WeightLoader) throws(ModelError) {
    let (hidden, inner) = (configuration.hiddenSize, configuration.intermediateSize)
    gate = try loader.matrix(.gate, layer: layer, rows: inner, columns: hidden)
    up = try loader.matrix(.up, layer: layer, rows: inner, columns: hidden)
    down = try loader.matrix(.down, layer: layer, rows: hidden, columns: inner)
    try loader.checkForms(gate: gate, up: up, layer: layer)
  }

  init(gate: Matrix, up: Matrix, down: Matrix) {
    self.gate = gate
    self.up = up
    self.down = down
  }

  static func workspaceBytes(intermediateSize: Int, tokens: Int) -> Int {
    Workspace.bytes(of: Float.self, tokens * intermediateSize)
  }

  func forward(
    rows: Int, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, _ executor: Executor
  ) {
    let mark = executor.workspace.mark
    defer { executor.workspace.release(to: mark) }
    let inner = executor.workspace.floats(rows * gate.rows)
    executor.enqueue(gate: gate, up: up, input: input, tokens: rows, output: inner)
    executor.runProducts()
    executor.enqueue(down, input: inner, tokens: rows, output: output)
    executor.runProducts()
  }
}
