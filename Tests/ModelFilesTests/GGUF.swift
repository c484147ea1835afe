import ModelFiles

/// Assembles GGUF files, right or wrong.
struct GGUF {
  var magic = Array("GGUF".utf8)
  var version: UInt32 = 3
  /// As stated, where not counted.
  var tensorCount: UInt64?
  var metadataCount: UInt64?
  var metadata: [(key: String, value: GGUFValue)] = []
  var tensors: [Tensor] = []
  var alignment = 32
  /// Bytes of data, where not as many as the tensors need.
  var dataCount: Int?

  struct Tensor {
    var name: String
    /// Innermost first, as in the file.
    var dimensions: [UInt64]
    var type: UInt32 = 0
    /// Behind the tensor before, where not stated.
    var offset: UInt64?
    var byteCount: Int
  }

  init(_ metadata: [(key: String, value: GGUFValue)] = [], _ tensors: [Tensor] = []) {
    self.metadata = metadata
    self.tensors = tensors
  }

  /// Adds a tensor of zeros in F32, dimensions outermost first.
  mutating func add(_ name: String, _ shape: [Int]) {
    tensors.append(
      Tensor(name: name, dimensions: shape.reversed().map(UInt64.init), byteCount: 4 * shape.reduce(1, *)))
  }

  var bytes: [UInt8] {
    var file = magic + Self.bytes(version)
    file += Self.bytes(tensorCount ?? UInt64(tensors.count)) + Self.bytes(metadataCount ?? UInt64(metadata.count))
    for (key, value) in metadata { file += Self.bytes(key) + Self.bytes(value) }
    var position = 0
    for tensor in tensors {
      file += Self.bytes(tensor.name) + Self.bytes(UInt32(tensor.dimensions.count))
      for dimension in tensor.dimensions { file += Self.bytes(dimension) }
      let offset = tensor.offset ?? UInt64(position)
      file += Self.bytes(tensor.type) + Self.bytes(offset)
      position = (position + tensor.byteCount + alignment - 1) / alignment * alignment
    }
    file += [UInt8](repeating: 0, count: (alignment - file.count % alignment) % alignment)
    return file + [UInt8](repeating: 0, count: dataCount ?? position)
  }

  static func bytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }

  static func bytes(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + Array(text.utf8) }

  /// The type and the value of those kinds that the tests write.
  static func bytes(_ value: GGUFValue) -> [UInt8] {
    switch value {
    case .uint32(let number): bytes(UInt32(4)) + bytes(number)
    case .int32(let number): bytes(UInt32(5)) + bytes(number)
    case .float32(let number): bytes(UInt32(6)) + bytes(number.bitPattern)
    case .bool(let flag): bytes(UInt32(7)) + [flag ? 1 : 0]
    case .string(let text): bytes(UInt32(8)) + bytes(text)
    case .array(.int32(let numbers)):
      bytes(UInt32(9)) + bytes(UInt32(5)) + bytes(UInt64(numbers.count)) + numbers.flatMap { bytes($0) }
    case .array(.bool(let flags)):
      bytes(UInt32(9)) + bytes(UInt32(7)) + bytes(UInt64(flags.count)) + flags.map { $0 ? 1 : 0 }
    case .array(.string(let texts)):
      bytes(UInt32(9)) + bytes(UInt32(8)) + bytes(UInt64(texts.count)) + texts.flatMap { bytes($0) }
    default: []
    }
  }
}
