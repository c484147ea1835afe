import Foundation
import JSON
import Kernels
import ModelFiles
import Testing

@testable import Models

@Suite struct RotaryAndNormTests {
  @Test func anglesAgreeWithReference() throws {
    for fixture in try BlockFixture.all("rotary") {
      let parameters = fixture.parameters
      var scaling = JSONObject()
      for (key, value) in parameters where !["head_dim", "max_position_embeddings", "attentionFactor"].contains(key) {
        scaling[key] = value
      }
      let configuration = try ModelConfiguration(
        parsing: [UInt8](
          JSON.object([
            "model_type": "qwen3_next", "head_dim": .integer(try fixture.integer("head_dim")),
            "max_position_embeddings": .integer(try fixture.integer("max_position_embeddings")),
            "rope_parameters": .object(scaling),
          ]).serialized().utf8))
      let rotary = RotaryEmbedding(configuration.rope)
      let expected = try fixture.values("inverseFrequencies")
      #expect(rotary.pairCount == expected.count, "\(fixture.name)")
      for (found, expected) in zip(rotary.inverseFrequencies, expected) {
        #expect(abs(found - expected) <= 4e-7 * expected, "\(fixture.name)")
      }
      #expect(abs(Double(rotary.magnitude) - (try fixture.number("attentionFactor"))) < 1e-6)
      guard fixture.tensors["positions"] != nil else { continue }
      try expectRotation(rotary, fixture)
    }
  }

  private func expectRotation(_ rotary: RotaryEmbedding, _ fixture: BlockFixture) throws {
    let width = try fixture.integer("head_dim")
    let expected = try fixture.values("rotated")
    for (row, position) in try fixture.values("positions").enumerated() {
      var cosines = [Float](repeating: 0, count: rotary.pairCount)
      var sines = cosines
      rotary.fill(position: Int(position), cosines: &cosines, sines: &sines)
      var query = Array(try fixture.values("query")[row * width..<(row + 1) * width])
      Elementwise.rotate(&query, cosines: cosines, sines: sines, half: rotary.pairCount)
      // Far positions multiply the last bit of a frequency.
      let tolerance = 1e-5 + 3e-7 * position
      expectClose(query, rows(expected, row..<row + 1, of: width), tolerance: tolerance, "\(fixture.name) \(position)")
    }
  }

  @Test func normsAgreeWithReference() throws {
    for fixture in try BlockFixture.all("norms") {
      let shape = try fixture.shape("x")
      let (x, weight) = (try fixture.values("x"), try fixture.values("weight"))
      let gated = fixture.parameters["gated"]?.boolValue == true
      let epsilon = Float(try fixture.number("eps"))
      var output: [Float] = []
      for row in 0..<shape[0] {
        var result = [Float](repeating: 0, count: shape[1])
        let input = rows(x, row..<row + 1, of: shape[1])
        if gated {
          Normalization.gatedRootMeanSquare(
            input, gate: rows(try fixture.values("gate"), row..<row + 1, of: shape[1]), weights: weight,
            epsilon: epsilon, count: shape[1], output: &result)
        } else {
          Normalization.rootMeanSquare(
            input, weights: weight.map { 1 + $0 }, epsilon: epsilon, count: shape[1], output: &result)
        }
        output += result
      }
      expectClose(output, try fixture.values("output"), tolerance: 2e-6, fixture.name)
    }
  }
}
