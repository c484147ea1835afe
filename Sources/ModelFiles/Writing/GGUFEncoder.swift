internal import Tensor

/// Spells the parts of a GGUF header in bytes.
struct GGUFEncoder {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A length and UTF-8.
  mutating func append(_ text: String) {
    append(UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// A tensor's name, dimensions from the innermost outwards, type, and place in the data.
  mutating func append(_ tensor: OutputTensor, offset: Int) {
    append(tensor.name)
    append(UInt32(tensor.shape.count))
    for size in tensor.shape.reversed() { append(UInt64(size)) }
    append(tensor.type.ggufNumber)
    append(UInt64(offset))
  }

  /// A metadata value behind the number of its type.
  mutating func append(_ value: GGUFValue) {
    switch value {
    case .uint8(let value): append(.uint8, [value])
    case .int8(let value): append(.int8, [value])
    case .uint16(let value): append(.uint16, [value])
    case .int16(let value): append(.int16, [value])
    case .uint32(let value): append(.uint32, [value])
    case .int32(let value): append(.int32, [value])
    case .uint64(let value): append(.uint64, [value])
    case .int64(let value): append(.int64, [value])
    case .float32(let value): append(.float32, [value.bitPattern])
    case .float64(let value): append(.float64, [value.bitPattern])
    case .bool(let value): append(.bool, [value ? UInt8(1) : 0])
    case .string(let text):
      append(GGUFValueType.string.rawValue)
      append(text)
    case .array(let array):
      append(GGUFValueType.array.rawValue)
      append(array)
    }
  }

  private mutating func append(_ array: GGUFArray) {
    switch array {
    case .uint8(let elements): append(.uint8, elements, count: elements.count)
    case .int8(let elements): append(.int8, elements, count: elements.count)
    case .uint16(let elements): append(.uint16, elements, count: elements.count)
    case .int16(let elements): append(.int16, elements, count: elements.count)
    case .uint32(let elements): append(.uint32, elements, count: elements.count)
    case .int32(let elements): append(.int32, elements, count: elements.count)
    case .uint64(let elements): append(.uint64, elements, count: elements.count)
    case .int64(let elements): append(.int64, elements, count: elements.count)
    case .float32(let elements): append(.float32, elements.map(\.bitPattern), count: elements.count)
    case .float64(let elements): append(.float64, elements.map(\.bitPattern), count: elements.count)
    case .bool(let elements): append(.bool, elements.map { $0 ? UInt8(1) : 0 }, count: elements.count)
    case .string(let elements):
      append(GGUFValueType.string.rawValue)
      append(UInt64(elements.count))
      for text in elements { append(text) }
    }
  }

  /// The number of a type, a count where given, and plain numbers.
  private mutating func append(_ type: GGUFValueType, _ numbers: [some FixedWidthInteger], count: Int? = nil) {
    append(type.rawValue)
    if let count { append(UInt64(count)) }
    for number in numbers { append(number) }
  }
}

extension ElementType {
  /// The number ggml has for the type.
  var ggufNumber: UInt32 {
    switch self {
    case .f32: 0
    case .f16: 1
    case .q40: 2
    case .q41: 3
    case .q50: 6
    case .q51: 7
    case .q80: 8
    case .q4K: 12
    case .q5K: 13
    case .q6K: 14
    case .bf16: 30
    }
  }
}
