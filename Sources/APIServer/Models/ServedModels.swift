import JSON
import Serving

/// The names under which clients may ask for the model, and what is said of it.
struct ServedModels: Sendable {
  /// The names, the model's real one first; never empty.
  let names: [String]
  /// When the server started, in Unix seconds.
  let created: Int
  let contextLength: Int
  let modes: ModelModes

  /// What a request's `model` names: one of the names, alone or with `:instruct` or `:thinking` behind it.
  ///
  /// - Returns: the mode the suffix asks for, nil in it without one; nil if there is no such model.
  func suffix(of requested: String) -> Mode?? {
    if names.contains(where: { $0.utf8.elementsEqual(requested.utf8) }) { return .some(nil) }
    for mode in Mode.allCases {
      let suffix = ":\(mode.rawValue)"
      guard requested.utf8.count > suffix.utf8.count, requested.hasSuffix(suffix) else { continue }
      let name = requested.utf8.dropLast(suffix.utf8.count)
      if names.contains(where: { $0.utf8.elementsEqual(name) }) { return .some(mode) }
    }
    return nil
  }

  /// What a request's `model` names, as `suffix(of:)` has it.
  /// - Parameter parameter: the field that names the model.
  /// - Throws: `APIError` 404 if there is no such model.
  func requiredSuffix(of requested: String, parameter: String? = "model") throws(APIError) -> Mode? {
    guard let suffix = suffix(of: requested) else {
      throw .unknownModel(requested.excerpt, served: names, parameter: parameter)
    }
    return suffix
  }

  /// The model object of OpenAI's API, with the context's length as vLLM names it, and the modes.
  func description(of name: String) -> JSON {
    [
      "id": .string(name), "object": "model", "created": .integer(created), "owned_by": "apus",
      "root": .string(names[0]), "max_model_len": .integer(contextLength),
      "modes": .array(modes.names.map(JSON.string)), "default_mode": .string(modes.default.rawValue),
    ]
  }

  var list: JSON {
    ["object": "list", "data": .array(names.map(description))]
  }
}
