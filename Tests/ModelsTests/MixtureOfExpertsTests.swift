import JSON
import Kernels
import ModelFiles
import Testing

@testable import Models

@Suite struct MixtureOfExpertsTests {
  /// Against transformers, all rows at once and one at a time, with the same bits.
  @Test(arguments: InstructionSet.available) func agreesWithReference(set: InstructionSet) throws {
    for fixture in try BlockFixture.all("experts") {
      let model = try TemporaryModel(configuration: fixture.parameters, tensors: fixture.weights(prefix: "mlp"))
      let folder = try model.folder
      var loader = WeightLoader(folder.configuration, folder.weights)
      let experts = try MixtureOfExperts(folder.configuration, layer: 0, &loader)
      try loader.checkAllTaken()

      let input = try fixture.values("input")
      let width = folder.configuration.hiddenSize
      func outputs(chunk: Int, threads: Int) throws -> [Float] {
        var output: [Float] = []
        for part in parts(input.count / width, chunk: chunk) {
          let run = try BlockRun(folder.configuration, tokens: part.count, threads: threads, set)
          var result = [Float](repeating: .nan, count: part.count * width)
          experts.forward(rows: part.count, input: rows(input, part, of: width), output: &result, run.executor)
          output += result
        }
        return output
      }
      let whole = try outputs(chunk: 100, threads: 2)
      expectClose(whole, try fixture.values("output"), tolerance: 2e-5, fixture.name)
      #expect(try outputs(chunk: 1, threads: 1) == whole)
      #expect(try outputs(chunk: 4, threads: 3) == whole)
    }
  }

  /// Where experts are equally probable, the first ones are taken.
  @Test func tiesGoToTheLowestIndex() throws {
    func constant(_ shape: Int..., value: Float = 0) -> BlockFixture.Tensor {
      BlockFixture.Tensor(shape: shape, values: Array(repeating: value, count: shape.reduce(1, *)))
    }
    var tensors = [
      "model.layers.0.mlp.gate.weight": constant(3, 1), "model.layers.0.mlp.shared_expert_gate.weight": constant(1, 1),
      "model.layers.0.mlp.shared_expert.gate_proj.weight": constant(1, 1),
      "model.layers.0.mlp.shared_expert.up_proj.weight": constant(1, 1),
      "model.layers.0.mlp.shared_expert.down_proj.weight": constant(1, 1),
    ]
    for expert in 0..<3 {
      tensors["model.layers.0.mlp.experts.\(expert).gate_proj.weight"] = constant(1, 1, value: 100)
      tensors["model.layers.0.mlp.experts.\(expert).up_proj.weight"] = constant(1, 1, value: 1)
      tensors["model.layers.0.mlp.experts.\(expert).down_proj.weight"] = constant(1, 1, value: [0.01, 0.1, 1][expert])
    }
    let model = try TemporaryModel(
      configuration: [
        "hidden_size": 1, "num_experts": 3, "num_experts_per_tok": 2, "moe_intermediate_size": 1,
        "shared_expert_intermediate_size": 1,
      ], tensors: tensors)
    let folder = try model.folder
    var loader = WeightLoader(folder.configuration, folder.weights)
    let experts = try MixtureOfExperts(folder.configuration, layer: 0, &loader)
    let run = try BlockRun(folder.configuration, tokens: 1)
    var output: [Float] = [0]
    experts.forward(rows: 1, input: [1], output: &output, run.executor)
    // Half of each of the first two: silu(100) · (0.01 + 0.1) / 2.
    expectClose(output, [5.5], tolerance: 1e-4)
  }
}
