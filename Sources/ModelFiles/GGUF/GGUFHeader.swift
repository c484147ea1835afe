/// The table of contents of a GGUF file: metadata and descriptions of tensors, before the tensors' data.
///
/// Versions 2 and 3 in little-endian order are read; they differ only in that version 3 has a big-endian variant.
/// Every count, length and offset is checked before it is used, and tensors may neither overlap nor reach beyond the
/// file. Format: `docs/gguf.md` of the ggml repository.
public struct GGUFHeader: Sendable {
  /// Bounds on what a file may hold, well above every published one.
  enum Limits {
    static let metadataCount = 1 << 16
    static let tensorCount = 1 << 17
    static let keyLength = (1 << 16) - 1
    static let tensorNameLength = 255
    static let stringLength = 1 << 24
    static let arrayLength = 1 << 24
    static let dimensionCount = 4
    static let alignment = 1 << 20
  }

  /// The typed values before the tensors.
  public let metadata: GGUFMetadata
  /// The tensors in the order of their data.
  public let entries: [TensorEntry]

  /// Reads the header of the file whose whole contents are `contents`. `file` names it in errors.
  public init(parsing contents: UnsafeRawBufferPointer, file: String) throws(ModelFileError) {
    var cursor = GGUFCursor(contents, file: file, offset: 0)
    try Self.checkVersion(&cursor, file: file)
    let tensorCount = try cursor.count(limit: Limits.tensorCount, "the number of tensors")
    let metadataCount = try cursor.count(limit: Limits.metadataCount, "the number of metadata values")

    var values: [String: GGUFValue] = [:]
    for index in 0..<metadataCount {
      let key = try cursor.string(limit: Limits.keyLength, "the key of metadata value \(index)")
      let value = try Self.value(&cursor, key: key, file: file)
      guard values.updateValue(value, forKey: key) == nil else {
        throw .invalidValue(file: file, key: key, expected: "one value", found: "a second one")
      }
    }
    metadata = GGUFMetadata(values, file: file)

    let alignment = try Self.alignment(metadata)
    var descriptions: [Description] = []
    for index in 0..<tensorCount { descriptions.append(try Self.description(&cursor, index, file: file)) }
    let padding = (alignment - cursor.offset % alignment) % alignment
    entries = try Self.entries(
      descriptions, dataStart: cursor.offset + padding, alignment: alignment, fileSize: contents.count, file: file)
  }

  private static func checkVersion(_ cursor: inout GGUFCursor, file: String) throws(ModelFileError) {
    let magic = try cursor.value(UInt32.self, "the magic number")
    guard magic == 0x4655_4747 else {
      throw .malformedFile(file: file, expected: "a GGUF file, which begins with \"GGUF\"", found: "other bytes")
    }
    let version = try cursor.value(UInt32.self, "the version")
    guard 2...3 ~= version else {
      let isBigEndian = 2...3 ~= version.byteSwapped
      throw .malformedFile(
        file: file, expected: "GGUF version 2 or 3, little-endian",
        found: isBigEndian ? "version \(version.byteSwapped), big-endian" : "version \(version)")
    }
  }

  // MARK: - Metadata

  private static func value(
    _ cursor: inout GGUFCursor, key: String, file: String
  ) throws(ModelFileError) -> GGUFValue {
    switch try valueType(&cursor, key: key, file: file) {
    case .uint8: .uint8(try cursor.value(UInt8.self, key))
    case .int8: .int8(try cursor.value(Int8.self, key))
    case .uint16: .uint16(try cursor.value(UInt16.self, key))
    case .int16: .int16(try cursor.value(Int16.self, key))
    case .uint32: .uint32(try cursor.value(UInt32.self, key))
    case .int32: .int32(try cursor.value(Int32.self, key))
    case .uint64: .uint64(try cursor.value(UInt64.self, key))
    case .int64: .int64(try cursor.value(Int64.self, key))
    case .float32: .float32(try cursor.value(Float.self, key))
    case .float64: .float64(try cursor.value(Double.self, key))
    case .bool: .bool(try flag(cursor.value(UInt8.self, key), key: key, file: file))
    case .string: .string(try cursor.string(limit: Limits.stringLength, key))
    case .array: .array(try array(&cursor, key: key, file: file))
    }
  }

  private static func array(
    _ cursor: inout GGUFCursor, key: String, file: String
  ) throws(ModelFileError) -> GGUFArray {
    let type = try valueType(&cursor, key: key, file: file)
    let count = try cursor.count(limit: Limits.arrayLength, "the number of elements of \(key)")
    switch type {
    case .uint8: return .uint8(try cursor.values(UInt8.self, count: count, key))
    case .int8: return .int8(try cursor.values(Int8.self, count: count, key))
    case .uint16: return .uint16(try cursor.values(UInt16.self, count: count, key))
    case .int16: return .int16(try cursor.values(Int16.self, count: count, key))
    case .uint32: return .uint32(try cursor.values(UInt32.self, count: count, key))
    case .int32: return .int32(try cursor.values(Int32.self, count: count, key))
    case .uint64: return .uint64(try cursor.values(UInt64.self, count: count, key))
    case .int64: return .int64(try cursor.values(Int64.self, count: count, key))
    case .float32: return .float32(try cursor.values(Float.self, count: count, key))
    case .float64: return .float64(try cursor.values(Double.self, count: count, key))
    case .bool:
      var flags: [Bool] = []
      for byte in try cursor.values(UInt8.self, count: count, key) {
        flags.append(try flag(byte, key: key, file: file))
      }
      return .bool(flags)
    case .string:
      var strings: [String] = []
      // Every string takes at least its length.
      strings.reserveCapacity(min(count, cursor.remaining / 8))
      for index in 0..<count {
        strings.append(try cursor.string(limit: Limits.stringLength, "\(key)[\(index)]"))
      }
      return .string(strings)
    case .array:
      throw .invalidValue(file: file, key: key, expected: "an array of plain values", found: "an array of arrays")
    }
  }

  private static func valueType(
    _ cursor: inout GGUFCursor, key: String, file: String
  ) throws(ModelFileError) -> GGUFValueType {
    let number = try cursor.value(UInt32.self, "the type of \(key)")
    guard let type = GGUFValueType(rawValue: number) else {
      throw .invalidValue(
        file: file, key: key, expected: "a type from 0 to \(GGUFValueType.allCases.count - 1)", found: "type \(number)")
    }
    return type
  }

  private static func flag(_ byte: UInt8, key: String, file: String) throws(ModelFileError) -> Bool {
    guard byte <= 1 else {
      throw .invalidValue(file: file, key: key, expected: "0 or 1 as a flag", found: "\(byte)")
    }
    return byte == 1
  }

  private static func alignment(_ metadata: GGUFMetadata) throws(ModelFileError) -> Int {
    let key = "general.alignment"
    let alignment = try metadata.integer(key, in: 1...Limits.alignment) ?? 32
    guard alignment & (alignment - 1) == 0 else { throw metadata.invalid(key, expected: "a power of two") }
    return alignment
  }

  // MARK: - Tensors

  private struct Description {
    let name: String
    /// Outermost first, the reverse of the file's order.
    let shape: [Int]
    let type: GGUFTensorType
    let byteCount: Int
    let offset: UInt64
  }

  private static func description(
    _ cursor: inout GGUFCursor, _ index: Int, file: String
  ) throws(ModelFileError) -> Description {
    let name = try cursor.string(limit: Limits.tensorNameLength, "the name of tensor \(index)")
    func invalid(_ expected: String, _ found: String) -> ModelFileError {
      .invalidTensor(file: file, tensor: name, expected: expected, found: found)
    }
    let dimensionCount = Int(try cursor.value(UInt32.self, "the number of dimensions of \(name)"))
    guard dimensionCount <= Limits.dimensionCount else {
      throw invalid("at most \(Limits.dimensionCount) dimensions", "\(dimensionCount)")
    }
    let stored = try cursor.values(UInt64.self, count: dimensionCount, "the dimensions of \(name)")
    let number = try cursor.value(UInt32.self, "the type of \(name)")
    guard let type = GGUFTensorType(number: number) else { throw invalid("a known type", "type \(number)") }

    var shape: [Int] = []
    var elementCount = 1
    for dimension in stored.reversed() {
      guard let size = Int(exactly: dimension), size > 0 else {
        throw invalid("dimensions of at least 1", "\(stored.reversed().map { $0 })")
      }
      let (product, overflow) = elementCount.multipliedReportingOverflow(by: size)
      guard !overflow else { throw invalid("a shape that fits in memory", "\(shape + [size])") }
      elementCount = product
      shape.append(size)
    }
    guard (shape.last ?? 1).isMultiple(of: type.blockLength) else {
      throw invalid("rows of whole blocks of \(type.blockLength) for \(type.name)", "shape \(shape)")
    }
    let (byteCount, overflow) = (elementCount / type.blockLength).multipliedReportingOverflow(by: type.blockByteCount)
    guard !overflow else { throw invalid("a shape that fits in memory", "\(shape)") }
    let offset = try cursor.value(UInt64.self, "the offset of \(name)")
    return Description(name: name, shape: shape, type: type, byteCount: byteCount, offset: offset)
  }

  /// Places the tensors in the file, and refuses any that is not aligned, overlaps another one or ends outside.
  private static func entries(
    _ descriptions: [Description], dataStart: Int, alignment: Int, fileSize: Int, file: String
  ) throws(ModelFileError) -> [TensorEntry] {
    var entries: [TensorEntry] = []
    entries.reserveCapacity(descriptions.count)
    var names: Set<String> = []
    var position = 0
    for tensor in descriptions.sorted(by: { $0.offset < $1.offset }) {
      func invalid(_ expected: String, _ found: String) -> ModelFileError {
        .invalidTensor(file: file, tensor: tensor.name, expected: expected, found: found)
      }
      guard names.insert(tensor.name).inserted else { throw invalid("one description", "a second one") }
      guard tensor.offset.isMultiple(of: UInt64(alignment)) else {
        throw invalid("an offset that is a multiple of \(alignment)", "\(tensor.offset)")
      }
      guard tensor.offset >= UInt64(position) else {
        throw invalid("data from offset \(position), after the tensor before it", "data from offset \(tensor.offset)")
      }
      let available = max(0, fileSize - dataStart)
      guard let offset = Int(exactly: tensor.offset), offset <= available, tensor.byteCount <= available - offset else {
        throw invalid(
          "\(tensor.byteCount) bytes of data from offset \(tensor.offset)", "\(available) bytes of data in the file")
      }
      position = offset + tensor.byteCount
      let start = dataStart + offset
      entries.append(
        TensorEntry(
          name: tensor.name, dataType: tensor.type.name, shape: tensor.shape, range: start..<start + tensor.byteCount))
    }
    return entries
  }
}
