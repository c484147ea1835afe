import ModelFiles

/// A gated MLP: `down · (silu(gate · x) · (up · x))`.
struct GatedMLP: Sendable {
  let gate: Matrix
  let up: Matrix
  let down: Matrix

  init(
    _ prefix: String, hiddenSize: Int, intermediateSize: Int, _ loader: inout WeightLoader
  ) throws(ModelError) {
    gate = try loader.matrix("\(prefix).gate_proj.weight", rows: intermediateSize, columns: hiddenSize)
    up = try loader.matrix("\(prefix).up_proj.weight", rows: intermediateSize, columns: hiddenSize)
    down = try loader.matrix("\(prefix).down_proj.weight", rows: hiddenSize, columns: intermediateSize)
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
