import JSON
import Serving

/// The names under which clients may ask for models, and what is said of these.
struct ServedModels: Sendable {
  /// The models.
  let pool: ModelPool
  /// When the server started, in Unix seconds.
  let created: Int
  /// The server's version.
  let version: String

  /// What a request's `model` names.
  struct Choice: Sendable, Equatable {
    /// The model's place in the pool.
    let model: Int
    /// The mode that `:instruct` or `:thinking` behind the name asks for; nil without either.
    let mode: Mode?
  }

  /// The name of the model that is meant where none can be named.
  var defaultName: String { pool.models[0].names[0] }

  private var names: [String] { pool.models.flatMap(\.names) }

  private func model(named name: Substring.UTF8View) -> Int? {
    pool.models.firstIndex { $0.names.contains { $0.utf8.elementsEqual(name) } }
  }

  /// What a request's `model` names: a model by one of its names, alone or with a mode behind it; nil if there is none.
  func choice(_ requested: String) -> Choice? {
    if let model = model(named: requested[...].utf8) { return Choice(model: model, mode: nil) }
    for mode in Mode.allCases {
      let suffix = ":\(mode.rawValue)"
      guard requested.utf8.count > suffix.utf8.count, requested.hasSuffix(suffix) else { continue }
      let name = requested.utf8.dropLast(suffix.utf8.count)
      if let model = model(named: name) { return Choice(model: model, mode: mode) }
    }
    return nil
  }

  /// What a request's `model` names, as `choice` has it.
  /// - Parameter parameter: the field that names the model.
  /// - Throws: `APIError` 404 if there is no such model.
  func required(_ requested: String, parameter: String? = "model") throws(APIError) -> Choice {
    guard let choice = choice(requested) else {
      throw .unknownModel(requested.excerpt, served: names, parameter: parameter)
    }
    return choice
  }

  /// Does something with a model, once it is loaded. Requests that are handed over to its service meanwhile go on
  /// afterwards.
  /// - Throws: `APIError` also if it cannot be loaded, or not in time.
  func with<Value>(
    _ choice: Choice, deadline: ContinuousClock.Instant? = nil,
    _ work: (Checkpoints) async throws(APIError) -> Value
  ) async throws(APIError) -> Value {
    let checkpoints: Checkpoints
    do {
      checkpoints = try await pool.acquire(choice.model, deadline: deadline)
    } catch {
      throw APIError(error)
    }
    defer { pool.release(choice.model) }
    return try await work(checkpoints)
  }

  // MARK: - What is said of models

  /// The model object of OpenAI's API, with the context's length as vLLM names it, the state as llama.cpp does, and the
  /// modes.
  func description(of name: String, _ choice: Choice) -> JSON {
    let model = pool.models[choice.model]
    let outline = model.outline
    var status: JSONObject = ["value": .string(pool.modelState(of: choice.model).rawValue)]
    if pool.hasFailed(choice.model) { status["failed"] = true }
    return [
      "id": .string(name), "object": "model", "created": .integer(created), "owned_by": "apus",
      "root": .string(model.names[0]),
      "max_model_len": .integer(pool.checkpoints(of: choice.model)?.contextLength ?? outline.contextLength),
      "modes": .array(outline.modes.names.map(JSON.string)),
      "default_mode": .string(outline.modes.default.rawValue), "status": .object(status),
    ]
  }

  /// All models by all their names.
  var list: JSON {
    let data = pool.models.indices.flatMap { model in
      pool.models[model].names.map { description(of: $0, Choice(model: model, mode: nil)) }
    }
    return ["object": "list", "data": .array(data)]
  }

  /// Stays the same as long as the same requests get the same replies: version, model and context are its parts.
  /// (64-bit FNV-1a.)
  func fingerprint(_ choice: Choice, _ checkpoints: Checkpoints) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in "\(version) \(pool.models[choice.model].names[0]) \(checkpoints.contextLength)".utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    let digits = String(hash, radix: 16)
    return "fp_" + String(repeating: "0", count: 16 - digits.count) + digits
  }
}
