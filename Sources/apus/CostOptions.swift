import ArgumentParser
import Engine
import JSON
import ModelFiles
import Models
import Simulation

/// Where a cost model comes from: a file, or a model's sizes and a machine's limits.
struct CostOptions: ParsableArguments {
  @Option(name: .customLong("cost"), help: "A file of apus simulate calibrate.") var file: String?
  @Option(name: .customLong("model"), help: "The model that a machine is to run, if there is no such file.")
  var modelPath: String?
  @Option(help: "Billion bytes that machine reads in a second.") var bandwidth: Double?
  @Option(help: "Billion multiply-adds of 8-bit integers it does in a second, for quantised weights.") var int8: Double?
  @Option(help: "The same of BF16 numbers. Default: as F32.") var bf16: Double?
  @Option(help: "The same of F32 numbers. Default: a quarter of --int8.") var f32: Double?
  @Option(help: "The share of these limits that is reached.") var efficiency = 0.6
  @Option(help: "Let every step take so many times as long.") var timeScale = 1.0
  @Option(help: "Seconds a request takes outside of steps, in place of the cost model's.") var requestSeconds: Double?
  @Option(help: "Seconds a step takes besides computing, in place of the cost model's.") var stepSeconds: Double?

  func validate() throws {
    let positive: [(String, Double?)] = [
      ("bandwidth", bandwidth), ("int8", int8), ("bf16", bf16), ("f32", f32), ("efficiency", efficiency),
      ("time-scale", timeScale),
    ]
    for (name, value) in positive {
      if let value, !(value > 0 && value <= 1e9) { throw ValidationError("--\(name) must be above 0.") }
    }
    for (name, value) in [("request-seconds", requestSeconds), ("step-seconds", stepSeconds)] {
      if let value, !(0...1e6).contains(value) { throw ValidationError("--\(name) must be 0 or more.") }
    }
  }

  /// The cost model that was asked for.
  func model() throws -> CostModel {
    var cost = try (file.map { try Self.read($0) } ?? roofline()).scaled(by: timeScale)
    if let requestSeconds { cost.request = requestSeconds }
    if let stepSeconds { cost.step = stepSeconds }
    return cost
  }

  private static func read(_ path: String) throws -> CostModel {
    let members = try readJSONObject(path)
    do { return try CostModel(.object(members)) } catch {
      throw CommandError.unreadableInput(path: path, reason: "\(error)")
    }
  }

  /// Steps of 1 to 16,384 tokens at the limits.
  private func roofline() throws -> CostModel {
    guard let modelPath, let bandwidth, let int8 else {
      throw ValidationError(
        "A cost model is needed: --cost FILE, made by apus simulate calibrate, or --model with --bandwidth and --int8.")
    }
    let package = try ModelPackage(path: modelPath)
    var engine = EngineConfiguration(pageCount: 1, slotCount: 1, maximumStepTokens: 512, threads: 1)
    engine.cacheTypes = CacheTypes(for: package, keyValue: nil, state: .f32)
    let need = Engine.memory(for: package.configuration, engine)
    let perPosition = Double(need.pages) / Double(EngineConfiguration.pageSize)
    let work = ModelWork(
      package.configuration, tensors: package.weights.descriptions,
      caches: ModelWork.CacheBytes(perPosition: perPosition, perSlot: Double(need.slots)))
    let f32 = f32 ?? int8 / 4
    let limits = MachineLimits(
      readBytesPerSecond: bandwidth * 1e9 * efficiency, int8MultiplyAddsPerSecond: int8 * 1e9 * efficiency,
      bf16MultiplyAddsPerSecond: (bf16 ?? f32) * 1e9 * efficiency, f32MultiplyAddsPerSecond: f32 * 1e9 * efficiency)
    func arithmetic(_ tokens: Int, depth: Int) -> Double {
      work.prefillMultiplyAdds(tokens: tokens, depth: depth).reduce(0) { sum, entry in
        sum + entry.value / limits.multiplyAddsPerSecond(entry.key)
      } * Double(tokens)
    }
    var cost = CostModel(
      tokens: (0...14).map { 1 << $0 }.map { tokens in
        let bytes = work.decodeBytes(sequences: tokens, positions: 0).weights
        return CostModel.TokenCost(
          tokens: tokens, seconds: max(bytes / limits.readBytesPerSecond, arithmetic(tokens, depth: 0)))
      })
    let one = work.decodeBytes(sequences: 1, positions: 1)
    cost.sequence = one.states / limits.readBytesPerSecond
    cost.decodePosition = one.keyValues / limits.readBytesPerSecond
    cost.prefillPosition = arithmetic(1, depth: 1) - arithmetic(1, depth: 0)
    cost.slotCopy = 2 * Double(need.slots) / limits.readBytesPerSecond
    cost.pageCopy = 2 * Double(need.pages) / limits.readBytesPerSecond
    return cost
  }
}
