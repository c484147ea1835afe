/// A value of a GGUF file's metadata, in the type it is stored in.
public enum GGUFValue: Sendable, Hashable {
  /// Stored in 1 byte.
  case uint8(UInt8)
  /// Stored in 1 byte.
  case int8(Int8)
  /// Stored in 2 bytes.
  case uint16(UInt16)
  /// Stored in 2 bytes.
  case int16(Int16)
  /// Stored in 4 bytes.
  case uint32(UInt32)
  /// Stored in 4 bytes.
  case int32(Int32)
  /// Stored in 8 bytes.
  case uint64(UInt64)
  /// Stored in 8 bytes.
  case int64(Int64)
  /// Stored in 4 bytes.
  case float32(Float)
  /// Stored in 8 bytes.
  case float64(Double)
  /// Stored in 1 byte, 0 or 1.
  case bool(Bool)
  /// Stored as a length of 8 bytes and UTF-8.
  case string(String)
  /// Stored as the elements' type, a count of 8 bytes, and the elements.
  case array(GGUFArray)
}

/// An array of a GGUF file's metadata: values of one type.
public enum GGUFArray: Sendable, Hashable {
  /// Elements of 1 byte.
  case uint8([UInt8])
  /// Elements of 1 byte.
  case int8([Int8])
  /// Elements of 2 bytes.
  case uint16([UInt16])
  /// Elements of 2 bytes.
  case int16([Int16])
  /// Elements of 4 bytes.
  case uint32([UInt32])
  /// Elements of 4 bytes.
  case int32([Int32])
  /// Elements of 8 bytes.
  case uint64([UInt64])
  /// Elements of 8 bytes.
  case int64([Int64])
  /// Elements of 4 bytes.
  case float32([Float])
  /// Elements of 8 bytes.
  case float64([Double])
  /// Elements of 1 byte.
  case bool([Bool])
  /// Elements of any length.
  case string([String])

  /// The number of elements.
  public var count: Int {
    switch self {
    case .uint8(let elements): elements.count
    case .int8(let elements): elements.count
    case .uint16(let elements): elements.count
    case .int16(let elements): elements.count
    case .uint32(let elements): elements.count
    case .int32(let elements): elements.count
    case .uint64(let elements): elements.count
    case .int64(let elements): elements.count
    case .float32(let elements): elements.count
    case .float64(let elements): elements.count
    case .bool(let elements): elements.count
    case .string(let elements): elements.count
    }
  }
}

/// The types of metadata values, by the number that stands for them in the file.
public enum GGUFValueType: UInt32, Sendable, CaseIterable {
  case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64
}

extension GGUFValue {
  /// The value as a whole number; nil for other types and for numbers beyond `Int`.
  public var integer: Int? {
    switch self {
    case .uint8(let value): Int(value)
    case .int8(let value): Int(value)
    case .uint16(let value): Int(value)
    case .int16(let value): Int(value)
    case .uint32(let value): Int(value)
    case .int32(let value): Int(value)
    case .uint64(let value): Int(exactly: value)
    case .int64(let value): Int(value)
    case .float32, .float64, .bool, .string, .array: nil
    }
  }

  /// The value as a number, whole or not; nil for other types.
  public var number: Double? {
    switch self {
    case .float32(let value): Double(value)
    case .float64(let value): value
    default: integer.map(Double.init)
    }
  }

  /// The value as an error message shows it: cut where it is long.
  var excerpt: String {
    switch self {
    case .string(let text):
      text.unicodeScalars.count > 80 ? "a string of \(text.utf8.count) bytes" : "\"\(text)\""
    case .array(let array): "an array of \(array.count) elements"
    case .bool(let value): "\(value)"
    default: integer.map { "\($0)" } ?? number.map { "\($0)" } ?? "\(self)"
    }
  }
}

extension GGUFArray {
  /// The elements as whole numbers, flags as 0 and 1; nil for other types and where a number is beyond `Int`.
  public var integers: [Int]? {
    switch self {
    case .uint8(let elements): elements.map(Int.init)
    case .int8(let elements): elements.map(Int.init)
    case .uint16(let elements): elements.map(Int.init)
    case .int16(let elements): elements.map(Int.init)
    case .uint32(let elements): elements.map(Int.init)
    case .int32(let elements): elements.map(Int.init)
    case .uint64(let elements): elements.allSatisfy { $0 <= Int.max } ? elements.map { Int($0) } : nil
    case .int64(let elements): elements.map(Int.init)
    case .bool(let elements): elements.map { $0 ? 1 : 0 }
    case .float32, .float64, .string: nil
    }
  }

  /// The elements of an array of strings; nil for others.
  public var strings: [String]? {
    if case .string(let elements) = self { elements } else { nil }
  }
}
