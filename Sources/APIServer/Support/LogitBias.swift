import JSON

/// The value of `logit_bias`.
enum LogitBias {
  /// Bias by token id.
  static func read(_ object: JSONObject) throws(APIError) -> [Int32: Double] {
    var biases: [Int32: Double] = [:]
    for (key, value) in object {
      let place = "logit_bias.\(key.excerpt)"
      guard let id = Int32(key) else {
        throw .wrongValue("logit_bias", "'logit_bias' must have token ids as keys, but has '\(key.excerpt)'.")
      }
      guard let bias = value.doubleValue else { throw .wrongType(place, expected: "a number", found: value) }
      guard (-100...100).contains(bias) else { throw .outside(-100.0...100, place, found: bias) }
      biases[id] = bias
    }
    return biases
  }
}
