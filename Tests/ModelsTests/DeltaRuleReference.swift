import Foundation
import Testing

/// The gated delta rule, one token after the other, in F64: S ← e^g·S, S += k ⊗ β·(v − Sᵀk), o = Sᵀq. Queries and
/// keys are brought to unit length first, and queries scaled by d^−½.
struct DeltaRuleReference {
  let keySize: Int
  let valueSize: Int
  /// [key][value]
  var state: [[Double]]

  init(keySize: Int, valueSize: Int) {
    self.keySize = keySize
    self.valueSize = valueSize
    state = Array(repeating: Array(repeating: 0, count: valueSize), count: keySize)
  }

  mutating func step(query: [Double], key: [Double], value: [Double], g: Double, beta: Double) -> [Double] {
    let (query, key) = (unit(query).map { $0 / Double(keySize).squareRoot() }, unit(key))
    let decay = exp(g)
    for i in 0..<keySize { for j in 0..<valueSize { state[i][j] *= decay } }
    let recalled = product(key)
    for i in 0..<keySize { for j in 0..<valueSize { state[i][j] += key[i] * beta * (value[j] - recalled[j]) } }
    return product(query)
  }

  private func product(_ x: [Double]) -> [Double] {
    (0..<valueSize).map { j in (0..<keySize).reduce(0) { $0 + state[$1][j] * x[$1] } }
  }

  private func unit(_ x: [Double]) -> [Double] {
    let scale = 1 / (x.reduce(0) { $0 + $1 * $1 } + 1e-6).squareRoot()
    return x.map { $0 * scale }
  }
}

@Suite struct DeltaRuleReferenceTests {
  /// The reference itself, against transformers' step and chunk forms.
  @Test func agreesWithTransformers() throws {
    for fixture in try BlockFixture.all("delta_rule") {
      let queryShape = try fixture.shape("query")
      let (tokens, keyHeads, keySize) = (queryShape[0], queryShape[1], queryShape[2])
      let valueShape = try fixture.shape("value")
      let (valueHeads, valueSize) = (valueShape[1], valueShape[2])
      let (query, key, value) = (try fixture.values("query"), try fixture.values("key"), try fixture.values("value"))
      let (g, beta) = (try fixture.values("g"), try fixture.values("beta"))
      let initial = try fixture.values("initialState")
      for head in 0..<valueHeads {
        var rule = DeltaRuleReference(keySize: keySize, valueSize: valueSize)
        for i in 0..<keySize {
          for j in 0..<valueSize { rule.state[i][j] = Double(initial[(head * keySize + i) * valueSize + j]) }
        }
        for t in 0..<tokens {
          let keyStart = (t * keyHeads + head * keyHeads / valueHeads) * keySize
          let valueStart = (t * valueHeads + head) * valueSize
          let output = rule.step(
            query: query[keyStart..<keyStart + keySize].map(Double.init),
            key: key[keyStart..<keyStart + keySize].map(Double.init),
            value: value[valueStart..<valueStart + valueSize].map(Double.init),
            g: Double(g[t * valueHeads + head]), beta: Double(beta[t * valueHeads + head]))
          for form in ["stepOutput", "chunkOutput"] {
            let expected = try fixture.values(form)[valueStart..<valueStart + valueSize]
            expectClose(output.map(Float.init), Array(expected), tolerance: 1e-5, "\(fixture.name) \(form) \(t)")
          }
        }
        let final = rule.state.flatMap { $0 }.map(Float.init)
        let size = keySize * valueSize
        let expected = try fixture.values("stepState")[head * size..<(head + 1) * size]
        expectClose(final, Array(expected), tolerance: 1e-5, fixture.name)
      }
    }
  }
}
