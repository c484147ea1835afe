import Engine
import JSON
import Kernels

/// What all results of a run of `apus bench` have in common.
struct BenchMachine {
  let model: String
  let threads: Int
  let instructionSet: InstructionSet
  let stepTokens: Int
  let repetitions: Int
  let limits: MachineLimits

  /// Lines for people.
  var text: String {
    """
    model       \(model)
    threads     \(threads), \(instructionSet.rawValue)
    bandwidth   \(scaled(limits.readBytesPerSecond, 1e9)) GB/s
    arithmetic  \(scaled(limits.int8MultiplyAddsPerSecond, 1e9, decimals: 0)) int8, \
    \(scaled(limits.bf16MultiplyAddsPerSecond, 1e9, decimals: 0)) BF16, \
    \(scaled(limits.f32MultiplyAddsPerSecond, 1e9, decimals: 0)) F32 billion multiply-adds a second

    """
  }
}

/// One number of sequences' speeds, beside what they need.
struct BenchResult {
  let plan: Benchmark.Plan
  let sequences: Int
  let speeds: Benchmark.Speeds
  let work: ModelWork
  let limits: MachineLimits

  /// What a step of decoding reads, in the middle of the decoded tokens.
  private var stepBytes: ModelWork.DecodeBytes {
    work.decodeBytes(sequences: sequences, positions: Double(plan.depth) + Double(plan.generate + 1) / 2)
  }

  private var multiplyAdds: [Arithmetic: Double] {
    plan.prompt > 0 ? work.prefillMultiplyAdds(tokens: plan.prompt, depth: plan.depth) : [:]
  }

  /// The share of the read bandwidth that decoding reaches.
  private var bandwidthFraction: Double? {
    speeds.decodeTokensPerSecond.map { $0 / Double(sequences) * stepBytes.total / limits.readBytesPerSecond }
  }

  /// The share of the peak arithmetic that prefill reaches.
  private var arithmeticFraction: Double? {
    speeds.prefillTokensPerSecond.map { speed in
      multiplyAdds.reduce(0) { $0 + $1.value / limits.multiplyAddsPerSecond($1.key) } * speed
    }
  }

  /// An object with stable keys. Sizes are in bytes; what was not measured is null.
  func json(on machine: BenchMachine) -> JSON {
    let bytes = stepBytes
    let limits = machine.limits
    return [
      "model": .string(machine.model),
      "batch": .integer(sequences),
      "depth": .integer(plan.depth),
      "prompt": .integer(plan.prompt),
      "generate": .integer(plan.generate),
      "step_tokens": .integer(machine.stepTokens),
      "threads": .integer(machine.threads),
      "isa": .string(machine.instructionSet.rawValue),
      "repetitions": .integer(machine.repetitions),
      "prefill_tokens_per_second": number(speeds.prefillTokensPerSecond),
      "decode_tokens_per_second": number(speeds.decodeTokensPerSecond),
      "bandwidth_fraction": number(bandwidthFraction),
      "arithmetic_fraction": number(arithmeticFraction),
      "bytes_per_decode_token": plan.generate > 0 ? .double(bytes.total / Double(sequences)) : .null,
      "bytes_per_decode_step": plan.generate > 0
        ? [
          "weights": .double(bytes.weights), "key_values": .double(bytes.keyValues), "states": .double(bytes.states),
        ] : .null,
      "multiply_adds_per_prefill_token": plan.prompt > 0 ? .double(multiplyAdds.values.reduce(0, +)) : .null,
      "multiply_adds_by_type": .object(
        JSONObject(Arithmetic.allCases.map { ($0.rawValue, .double(multiplyAdds[$0] ?? 0)) })),
      "limits": [
        "read_bytes_per_second": .double(limits.readBytesPerSecond),
        "int8_multiply_adds_per_second": .double(limits.int8MultiplyAddsPerSecond),
        "bf16_multiply_adds_per_second": .double(limits.bf16MultiplyAddsPerSecond),
        "f32_multiply_adds_per_second": .double(limits.f32MultiplyAddsPerSecond),
      ],
    ]
  }

  private func number(_ value: Double?) -> JSON { value.map { .double($0) } ?? .null }

  /// A table for people, a line a result.
  static func table(_ results: [BenchResult]) -> String {
    let head = ["batch", "depth", "prefill tok/s", "arithmetic", "decode tok/s", "bandwidth", "MB a token"]
    let rows = results.map { result in
      [
        "\(result.sequences)", "\(result.plan.depth)",
        result.speeds.prefillTokensPerSecond.map { scaled($0, 1) } ?? "-",
        result.arithmeticFraction.map { scaled($0, 0.01) + "%" } ?? "-",
        result.speeds.decodeTokensPerSecond.map { scaled($0, 1) } ?? "-",
        result.bandwidthFraction.map { scaled($0, 0.01) + "%" } ?? "-",
        result.plan.generate > 0 ? scaled(result.stepBytes.total / Double(result.sequences), 1e6) : "-",
      ]
    }
    let widths = head.indices.map { column in ([head] + rows).reduce(0) { max($0, $1[column].count) } }
    return ([head] + rows).map { row in
      zip(row, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

/// A number in some unit, rounded.
private func scaled(_ value: Double, _ unit: Double, decimals: Int = 1) -> String {
  decimals == 0 ? "\(Int((value / unit).rounded()))" : "\((value / unit * 10).rounded() / 10)"
}
