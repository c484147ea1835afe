import JSON

/// Takes the members of one JSON object of a request, checks their types, and remembers which it was asked for, so
/// that those nobody knows can be reported.
///
/// A member that is `null` counts as absent, as in OpenAI's API.
struct ObjectReader {
  private let members: JSONObject
  /// Where in the request the object is; empty for the whole body.
  private let path: String
  private var known: Set<String> = []

  init(_ value: JSON, at path: String) throws(APIError) {
    guard case .object(let members) = value else {
      throw .wrongType(path, expected: "an object", found: value)
    }
    self.members = members
    self.path = path
  }

  /// A member's place as errors name it: `stream_options.include_usage`.
  func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// Places of the members nobody asked for, in order.
  var unknownPlaces: [String] { members.keys.filter { !known.contains($0) }.map(place) }

  /// The member, whatever it is.
  mutating func value(_ key: String) -> JSON? {
    known.insert(key)
    guard let value = members[key], !value.isNull else { return nil }
    return value
  }

  /// Declares members known that are not acted on, or handled elsewhere.
  mutating func accept(_ keys: String...) { known.formUnion(keys) }

  mutating func string(_ key: String) throws(APIError) -> String? {
    guard let value = value(key) else { return nil }
    guard let string = value.stringValue else { throw .wrongType(place(key), expected: "a string", found: value) }
    return string
  }

  mutating func requiredString(_ key: String) throws(APIError) -> String {
    guard let string = try string(key) else { throw .missing(place(key)) }
    guard !string.isEmpty else { throw .wrongValue(place(key), "'\(place(key))' must not be empty.") }
    return string
  }

  /// One of some strings.
  mutating func choice(_ key: String, among choices: [String]) throws(APIError) -> String? {
    guard let string = try string(key) else { return nil }
    guard choices.contains(string) else {
      throw .wrongValue(
        place(key),
        "'\(place(key))' must be one of " + choices.map { "'\($0)'" }.joined(separator: ", ")
          + ", but is '\(string.excerpt)'.")
    }
    return string
  }

  mutating func bool(_ key: String) throws(APIError) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let bool = value.boolValue else { throw .wrongType(place(key), expected: "a boolean", found: value) }
    return bool
  }

  mutating func integer(_ key: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let integer = value.intValue else {
      guard value.doubleValue == nil else { throw .wrongValue(place(key), Self.range(place(key), "an integer", range)) }
      throw .wrongType(place(key), expected: "an integer", found: value)
    }
    guard range.contains(integer) else { throw .wrongValue(place(key), Self.range(place(key), "an integer", range)) }
    return integer
  }

  mutating func number(_ key: String, in range: ClosedRange<Double>) throws(APIError) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.doubleValue else { throw .wrongType(place(key), expected: "a number", found: value) }
    guard range.contains(number) else {
      throw .wrongValue(
        place(key),
        "'\(place(key))' must be a number from \(JSON.double(range.lowerBound)) to \(JSON.double(range.upperBound)), "
          + "but is \(number).")
    }
    return number
  }

  mutating func array(_ key: String) throws(APIError) -> [JSON]? {
    guard let value = value(key) else { return nil }
    guard let array = value.arrayValue else { throw .wrongType(place(key), expected: "an array", found: value) }
    return array
  }

  mutating func object(_ key: String) throws(APIError) -> JSONObject? {
    guard let value = value(key) else { return nil }
    guard let object = value.objectValue else { throw .wrongType(place(key), expected: "an object", found: value) }
    return object
  }

  private static func range(_ place: String, _ kind: String, _ range: ClosedRange<Int>) -> String {
    switch (range.lowerBound, range.upperBound) {
    case (.min, .max): "'\(place)' must be \(kind) of 64 bits."
    case (let lowest, .max): "'\(place)' must be \(kind) of at least \(lowest)."
    case (let lowest, let highest): "'\(place)' must be \(kind) from \(lowest) to \(highest)."
    }
  }
}

extension String {
  /// The beginning, for messages that quote what a client sent.
  var excerpt: String {
    unicodeScalars.count <= 64 ? self : String(String.UnicodeScalarView(unicodeScalars.prefix(64))) + "…"
  }
}
