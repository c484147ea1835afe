/// The arguments of a call.
struct Arguments {
  var positional: [Value] = []
  var keywords: [(name: String, value: Value)] = []

  /// The arguments in the order of the parameters `names`, nil where one is not given. Throws where one of the
  /// first `required` is missing or an argument fits no parameter.
  func bound(
    to names: [String], of function: String, required: Int = 0, allowsKeywords: Bool = true
  ) throws(Fault) -> [Value?] {
    guard positional.count <= names.count else {
      throw Fault(.type, "\(function) takes at most \(names.count) arguments, \(positional.count) are given")
    }
    var values: [Value?] = positional + Array(repeating: nil, count: names.count - positional.count)
    for (name, value) in keywords {
      guard allowsKeywords, let index = names.firstIndex(of: name) else {
        throw Fault(.type, "\(function) has no parameter '\(name)'")
      }
      guard values[index] == nil else { throw Fault(.type, "\(function) is given '\(name)' twice") }
      values[index] = value
    }
    for index in 0..<required where values[index] == nil {
      throw Fault(.type, "\(function) needs an argument '\(names[index])'")
    }
    return values
  }

  /// Nothing is given.
  func expectNone(of function: String) throws(Fault) {
    _ = try bound(to: [], of: function)
  }
}

extension Optional<Value> {
  /// The argument as an integer; `defaultValue` where it is missing.
  func integer(_ defaultValue: Int) throws(Fault) -> Int {
    guard let self else { return defaultValue }
    guard let integer = self.integer else {
      if case .undefined(let undefined) = self { throw undefined.fault }
      throw Fault(.type, "expected an integer, found '\(self.typeName)'")
    }
    return integer
  }

  /// The argument as text; nil where it is missing or none.
  func optionalText() throws(Fault) -> String? {
    guard let self else { return nil }
    if case .none = self { return nil }
    return try self.requiredText()
  }

  /// The argument's truth; `defaultValue` where it is missing.
  func truth(_ defaultValue: Bool) -> Bool { self?.isTrue ?? defaultValue }

  /// The argument, nil also where it is none.
  var unlessNone: Value? {
    if case .some(.none) = self { return nil }
    return self
  }
}

extension Value {
  /// The text of a string; any other kind is an error.
  func requiredText() throws(Fault) -> String {
    guard let text else {
      if case .undefined(let undefined) = self { throw undefined.fault }
      throw Fault(.type, "expected a string, found '\(typeName)'")
    }
    return text
  }
}
