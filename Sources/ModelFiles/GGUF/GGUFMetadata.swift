/// The typed values of a GGUF file, with bounded reading and errors that name file and key.
public struct GGUFMetadata: Sendable {
  /// All values by key.
  public let values: [String: GGUFValue]
  /// The file's name, for errors.
  public let file: String

  init(_ values: [String: GGUFValue], file: String) {
    self.values = values
    self.file = file
  }

  func invalid(_ key: String, expected: String) -> ModelFileError {
    .invalidValue(file: file, key: key, expected: expected, found: values[key]?.excerpt ?? "nothing")
  }

  // MARK: - Kinds

  /// The whole number under `key`; nil where there is nothing.
  public func integer(_ key: String, in range: ClosedRange<Int>) throws(ModelFileError) -> Int? {
    guard let value = values[key] else { return nil }
    guard let number = value.integer, range.contains(number) else {
      throw invalid(key, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// The whole number under `key`, which has to be there.
  func requiredInteger(_ key: String, in range: ClosedRange<Int>) throws(ModelFileError) -> Int {
    guard let number = try integer(key, in: range) else {
      throw invalid(key, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A whole number that holds for all layers: one number, or one a layer, of which those in `layers` are equal.
  func layerInteger(
    _ key: String, in range: ClosedRange<Int>, layers: [Int]
  ) throws(ModelFileError) -> Int? {
    guard case .array(let array) = values[key] else { return try integer(key, in: range) }
    guard let numbers = array.integers, layers.allSatisfy({ $0 < numbers.count }) else {
      throw invalid(key, expected: "a whole number, or one for every layer")
    }
    guard let first = layers.first.map({ numbers[$0] }), range.contains(first) else {
      throw invalid(key, expected: "whole numbers from \(range.lowerBound) to \(range.upperBound)")
    }
    if let layer = layers.first(where: { numbers[$0] != first }) {
      throw .invalidValue(
        file: file, key: "\(key)[\(layer)]", expected: "\(first), as in the other layers", found: "\(numbers[layer])")
    }
    return first
  }

  /// The number under `key`; nil where there is nothing.
  public func number(_ key: String, in range: ClosedRange<Double>) throws(ModelFileError) -> Double? {
    guard let value = values[key] else { return nil }
    guard let number = value.number, range.contains(number) else {
      throw invalid(key, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// The flag under `key`; nil where there is nothing.
  public func bool(_ key: String) throws(ModelFileError) -> Bool? {
    guard let value = values[key] else { return nil }
    guard case .bool(let flag) = value else { throw invalid(key, expected: "true or false") }
    return flag
  }

  /// The text under `key`; nil where there is nothing.
  public func string(_ key: String) throws(ModelFileError) -> String? {
    guard let value = values[key] else { return nil }
    guard case .string(let text) = value else { throw invalid(key, expected: "a string") }
    return text
  }

  /// The texts under `key`; nil where there is nothing.
  public func strings(_ key: String) throws(ModelFileError) -> [String]? {
    guard let value = values[key] else { return nil }
    guard case .array(let array) = value, let texts = array.strings else {
      throw invalid(key, expected: "an array of strings")
    }
    return texts
  }

  /// The whole numbers under `key`; nil where there is nothing.
  public func integers(_ key: String) throws(ModelFileError) -> [Int]? {
    guard let value = values[key] else { return nil }
    guard case .array(let array) = value, let numbers = array.integers else {
      throw invalid(key, expected: "an array of whole numbers")
    }
    return numbers
  }

  /// The id of a token under `key`; nil where there is nothing, and for the number that stands for no token.
  func tokenID(_ key: String) throws(ModelFileError) -> Int32? {
    guard let value = values[key] else { return nil }
    // Converters write a missing token as -1, in either signedness.
    if let number = value.integer, number == -1 || number == UInt32.max { return nil }
    return Int32(try requiredInteger(key, in: 0...Int(Int32.max)))
  }
}
