import Serving

/// Who asks, and for which models that may be.
struct Caller: Sendable {
  /// The name of the key that let the request in; nil where everybody is let in.
  let principal: String?
  /// The models that key allows; nil for all.
  let allowedModels: Set<String>?

  /// - Throws: `APIError` 403 if the key does not allow the model.
  func check(model name: String) throws(APIError) {
    guard let allowedModels else { return }
    let plain = Mode.allCases.reduce(name) {
      $0.hasSuffix(":\($1.rawValue)") ? String($0.dropLast($1.rawValue.count + 1)) : $0
    }
    guard allowedModels.contains(name) || allowedModels.contains(plain) else { throw .forbiddenModel(name) }
  }
}
