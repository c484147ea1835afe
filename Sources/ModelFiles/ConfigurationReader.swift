internal import JSON

/// Typed, bounded reading of a JSON object's members, with errors that name file and key.
///
/// As in Python's configurations, a member that is `null` counts as absent.
struct ConfigurationReader {
  let members: JSONObject
  let file: String
  /// The path of this object inside the file, empty for the outermost.
  let path: String

  init(members: JSONObject, file: String, path: String = "") {
    self.members = members
    self.file = file
    self.path = path
  }

  /// Reads `text`, which must hold a JSON object.
  init(parsing text: some Collection<UInt8>, file: String) throws(ModelFileError) {
    let value: JSON
    do {
      value = try JSON(parsing: text)
    } catch {
      throw .malformedJSON(file: file, error)
    }
    guard case .object(let members) = value else {
      throw .malformedFile(file: file, expected: "a JSON object", found: value.kindName)
    }
    self.init(members: members, file: file)
  }

  /// The value of `key`, unless absent or `null`.
  func value(_ key: String) -> JSON? {
    guard let value = members[key], !value.isNull else { return nil }
    return value
  }

  func invalid(_ key: String, expected: String, found: String) -> ModelFileError {
    .invalidValue(file: file, key: path.isEmpty ? key : "\(path).\(key)", expected: expected, found: found)
  }

  func invalid(_ key: String, expected: String) -> ModelFileError {
    invalid(key, expected: expected, found: members[key]?.excerpt ?? "nothing")
  }

  // MARK: - Kinds

  func integer(_ key: String, in range: ClosedRange<Int>) throws(ModelFileError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let number = value.intValue, range.contains(number) else {
      throw invalid(key, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func integer(_ key: String, in range: ClosedRange<Int>, default standard: Int) throws(ModelFileError) -> Int {
    try integer(key, in: range) ?? standard
  }

  func number(_ key: String, in range: ClosedRange<Double>) throws(ModelFileError) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.doubleValue, range.contains(number) else {
      throw invalid(key, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func bool(_ key: String) throws(ModelFileError) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let flag = value.boolValue else { throw invalid(key, expected: "true or false") }
    return flag
  }

  func string(_ key: String) throws(ModelFileError) -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value.stringValue else { throw invalid(key, expected: "a string") }
    return text
  }

  func array(_ key: String) throws(ModelFileError) -> [JSON]? {
    guard let value = value(key) else { return nil }
    guard let elements = value.arrayValue else { throw invalid(key, expected: "an array") }
    return elements
  }

  func object(_ key: String) throws(ModelFileError) -> ConfigurationReader {
    guard case .object(let members) = value(key) else { throw invalid(key, expected: "an object") }
    return ConfigurationReader(members: members, file: file, path: path.isEmpty ? key : "\(path).\(key)")
  }

  /// Token ids, written as one number or as a list; empty where absent.
  func tokenIDs(_ key: String) throws(ModelFileError) -> [Int32] {
    guard let value = value(key) else { return [] }
    var ids: [Int32] = []
    for element in value.arrayValue ?? [value] {
      guard let number = element.intValue, number >= 0, let id = Int32(exactly: number) else {
        throw invalid(key, expected: "a token id or a list of them")
      }
      ids.append(id)
    }
    return ids
  }
}
