import JSON
import Scheduler
import Testing

@testable import Simulation

@Suite struct CostModelTests {
  /// A model with every cost.
  private var model: CostModel {
    // Up to 64 on one line.
    let small = [1, 2, 4, 8].map { CostModel.TokenCost(tokens: $0, seconds: 0.01 + 0.02 * Double($0 - 1) / 63) }
    var model = CostModel(
      tokens: small + [CostModel.TokenCost(tokens: 64, seconds: 0.03), CostModel.TokenCost(tokens: 512, seconds: 0.2)])
    model.sequence = 0.0005
    model.chunk = 0.0015
    model.logits = 0.004
    model.sample = 0.0002
    model.decodePosition = 2e-7
    model.prefillPosition = 3e-8
    return model
  }

  @Test func addsUpAStep() {
    // Two sequences that decode at 100 and 300, and a chunk of 62 at 1000, which makes 64 tokens.
    let seconds = model.seconds(
      tokens: 64, sequences: 3, chunks: 1, samples: 2, decodedPositions: 400, prefilledPositions: 62 * 1031)
    let parts: [Double] = [0.03, 3 * 0.0005, 0.0015, 0.004, 2 * 0.0002, 400 * 2e-7, 62 * 1031 * 3e-8]
    let expected = parts.reduce(0, +)
    #expect(abs(seconds - expected) < 1e-12)
    #expect(
      model.seconds(tokens: 0, sequences: 0, chunks: 0, samples: 0, decodedPositions: 0, prefilledPositions: 0) == 0)
  }

  @Test(arguments: [(1, 0.010), (22, 0.010 + 0.02 / 3), (64, 0.03), (288, 0.115), (512, 0.2), (1408, 0.54)])
  func drawsLinesThroughTheTable(_ tokens: Int, _ expected: Double) {
    let table = CostModel(tokens: model.tokens)
    let seconds = table.seconds(
      tokens: tokens, sequences: 0, chunks: 0, samples: 0, decodedPositions: 0, prefilledPositions: 0)
    #expect(abs(seconds - expected) < 1e-12)
  }

  /// Steps whose times a model gives lead back to that model.
  @Test func fitsWhatItPredicts() throws {
    func measured(_ sequences: Int, _ tokens: Int, _ position: Int, _ samples: Bool) -> StepMeasurement {
      let chunk = tokens > 1 ? Double(sequences * tokens) * (Double(position) + Double(tokens) / 2) : 0
      return StepMeasurement(
        sequences: sequences, tokens: tokens, position: position, samples: samples,
        seconds: model.seconds(
          tokens: sequences * tokens, sequences: sequences, chunks: tokens > 1 ? sequences : 0,
          samples: samples ? sequences : 0,
          decodedPositions: tokens == 1 ? Double(sequences * position) : 0, prefilledPositions: chunk))
    }
    var steps = model.tokens.map(\.tokens).map { measured(1, $0, 0, false) }
    steps += [2, 4, 8].map { measured($0, 1, 0, false) } + [1, 2, 8].map { measured($0, 1, 0, true) }
    steps += [2, 4, 8].map { measured($0, 512 / $0, 0, false) }
    steps += [measured(1, 512, 4096, false), measured(1, 1, 4096, false), measured(8, 1, 4096, false)]
    let fitted = try CostModel(fitting: steps)
    func isNear(_ one: Double, _ other: Double) -> Bool { abs(one - other) <= 0.02 * abs(other) }
    #expect(zip(fitted.tokens, model.tokens).allSatisfy { $0.tokens == $1.tokens && isNear($0.seconds, $1.seconds) })
    for (name, path) in CostModel.named {
      #expect(isNear(fitted[keyPath: path], model[keyPath: path]), "\(name): \(fitted[keyPath: path])")
    }
  }

  @Test func needsATable() {
    #expect(throws: CostModelError.self) {
      try CostModel(fitting: [
        StepMeasurement(sequences: 1, tokens: 1, position: 0, samples: false, seconds: 1),
        StepMeasurement(sequences: 2, tokens: 1, position: 0, samples: false, seconds: 1),
      ])
    }
  }

  @Test func readsWhatItWrites() throws {
    var model = model
    (model.step, model.request, model.slotCopy, model.pageCopy) = (1, 2, 3, 4)
    #expect(try CostModel(model.json(notes: "from a test")) == model)
    let scaled = model.scaled(by: 2)
    #expect(scaled.tokens[4].seconds == 0.06 && scaled.logits == 0.008 && scaled.request == 2)
  }

  @Test(arguments: [
    ("[]", "expected an object"), ("{}", "\"tokens\""), ("{\"tokens\":[]}", "\"tokens\""),
    ("{\"tokens\":[[2,1],[2,1]]}", "ascending"), ("{\"tokens\":[[0,1]]}", "ascending"),
    ("{\"tokens\":[[1,-1]]}", "ascending"), ("{\"tokens\":[[1,1]],\"sample\":-1}", "\"sample\": expected seconds"),
    ("{\"tokens\":[[1,1]],\"samples\":1}", "\"samples\": expected one of"),
  ])
  func namesTheMemberAtFault(_ text: String, _ expected: String) throws {
    let json = try JSON(parsing: text)
    let error = #expect(throws: CostModelError.self) { try CostModel(json) }
    #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
  }
}
