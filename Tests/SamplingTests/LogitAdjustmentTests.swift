import TestSupport
import Testing

@testable import Sampling

@Suite struct LogitAdjustmentTests {
  /// The definition, token by token, over all earlier tokens.
  private func reference(
    _ logits: [Float], _ adjustment: LogitAdjustment, prompt: [Int32], reply: [Int32]
  ) -> [Float] {
    logits.enumerated().map { index, logit in
      let id = Int32(index)
      let count = reply.count { $0 == id }
      var result = logit
      if prompt.contains(id) || count > 0 {
        result = result > 0 ? result / adjustment.repetitionPenalty : result * adjustment.repetitionPenalty
      }
      result -= adjustment.frequencyPenalty * Float(count)
      result -= count > 0 ? adjustment.presencePenalty : 0
      return result + (adjustment.bias[id] ?? 0)
    }
  }

  private func history(_ prompt: [Int32], _ reply: [Int32]) -> TokenHistory {
    var history = TokenHistory(prompt: prompt)
    for id in reply { history.append(id) }
    return history
  }

  @Test func logitsBecomeExactlyWhatTheDefinitionSays() throws {
    var random = SplitMix64(seed: 5)
    for _ in 0..<200 {
      let logits = (0..<90).map { _ in Float.random(in: -12...12, using: &random) }
      let prompt = (0..<20).map { _ in Int32.random(in: 0..<90, using: &random) }
      let reply = (0..<Int.random(in: 0...40, using: &random)).map { _ in Int32.random(in: 0..<90, using: &random) }
      let adjustment = try LogitAdjustment(
        repetitionPenalty: [1, 1.3, 0.7].randomElement(using: &random) ?? 1,
        frequencyPenalty: [0, 0.5, -2].randomElement(using: &random) ?? 0,
        presencePenalty: [0, 2, -0.25].randomElement(using: &random) ?? 0,
        bias: Bool.random(using: &random) ? [:] : [3: 100, 40: -100, 89: 0.125])
      var row = logits
      row.withUnsafeMutableBufferPointer { adjustment.apply(to: $0, after: history(prompt, reply)) }
      #expect(row == reference(logits, adjustment, prompt: prompt, reply: reply))
      #expect(adjustment.isNeutral == (row == logits || adjustment == .none) || adjustment.looksBack)
    }
  }

  @Test func theChoiceIsThatOfTheAdjustedRow() throws {
    var random = SplitMix64(seed: 9)
    let logits = (0..<300).map { _ in Float.random(in: -4...4, using: &random) }
    let (prompt, reply): ([Int32], [Int32]) = ([1, 2, 3, 200], [5, 5, 5, 2, 77])
    let adjustment = try LogitAdjustment(
      repetitionPenalty: 1.2, frequencyPenalty: 1, presencePenalty: 0.5, bias: [7: 3, 250: -100])
    let adjusted = reference(logits, adjustment, prompt: prompt, reply: reply)
    var sampler = Sampler(vocabularySize: 300)
    for seed in 0..<100 as Range<UInt64> {
      let plain = try SamplingParameters(temperature: 1.5, topK: 40, topP: 0.95, seed: seed)
      let wanted = adjusted.withUnsafeBufferPointer { sampler.sample($0, plain, position: 9) }
      let parameters = try SamplingParameters(
        temperature: 1.5, topK: 40, topP: 0.95, seed: seed, adjustment: adjustment)
      let chosen = logits.withUnsafeBufferPointer {
        sampler.sample($0, parameters, position: 9, history: history(prompt, reply))
      }
      #expect(chosen == wanted)
    }
  }

  @Test func strangeTokensAndLogitsDoNoHarm() throws {
    let adjustment = try LogitAdjustment(repetitionPenalty: 2, frequencyPenalty: 1, bias: [99: 5, -3: 5, 0: 1])
    var row: [Float] = [-.infinity, .nan, 2]
    row.withUnsafeMutableBufferPointer { adjustment.apply(to: $0, after: history([0, 1, 50, -7], [1, 2, 60])) }
    #expect(row[0] == -.infinity && row[1].isNaN && row[2] == 0)
  }

  @Test func valuesOutOfRangeAreNamed() {
    func fault(_ make: () throws(SamplingError) -> LogitAdjustment) -> String? {
      do {
        _ = try make()
        return nil
      } catch {
        return error.description.split(separator: " ").first.map(String.init)
      }
    }
    #expect(fault { () throws(SamplingError) in try LogitAdjustment(repetitionPenalty: 0) } == "repetition_penalty")
    #expect(fault { () throws(SamplingError) in try LogitAdjustment(repetitionPenalty: .nan) } == "repetition_penalty")
    #expect(fault { () throws(SamplingError) in try LogitAdjustment(frequencyPenalty: 2.5) } == "frequency_penalty")
    #expect(fault { () throws(SamplingError) in try LogitAdjustment(presencePenalty: .nan) } == "presence_penalty")
    #expect(fault { () throws(SamplingError) in try LogitAdjustment(bias: [1: 101]) } == "logit_bias")
    #expect(fault { () throws(SamplingError) in try LogitAdjustment(bias: [1: .nan]) } == "logit_bias")
  }
}
