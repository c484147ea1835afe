internal import JSON

/// The table of contents of a safetensors file: 8 bytes of header length, the header in JSON, the data.
///
/// Everything the format promises is checked before anything is used: the header's size limit, known data
/// types, sizes that match shapes, and data that is covered by the tensors without holes or overlaps.
/// Format: the safetensors README, section "Format".
public struct SafetensorsHeader: Sendable {
  /// The largest header the format allows, in bytes.
  public static let maximumByteCount = 100_000_000

  /// The tensors in the order of their data.
  public let entries: [TensorEntry]
  /// The free-form texts under `__metadata__`.
  public let metadata: [String: String]

  /// Reads the header of the file whose whole contents are `contents`. `file` names it in errors.
  public init(parsing contents: UnsafeRawBufferPointer, file: String) throws(ModelFileError) {
    let headerRange = try Self.headerRange(in: contents, file: file)
    let header = UnsafeRawBufferPointer(rebasing: contents[headerRange])
    let members = try Self.members(of: header, file: file)

    metadata = try Self.metadata(of: members, file: file)
    var entries: [TensorEntry] = []
    entries.reserveCapacity(members.count)
    for (name, value) in members where name != Self.metadataKey {
      entries.append(try Self.entry(name: name, value: value, dataStart: headerRange.upperBound, file: file))
    }
    entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    try Self.checkCoverage(of: entries, from: headerRange.upperBound, to: contents.count, file: file)
    self.entries = entries
  }

  private static let metadataKey = "__metadata__"

  // MARK: - Header

  private static func headerRange(
    in contents: UnsafeRawBufferPointer, file: String
  ) throws(ModelFileError) -> Range<Int> {
    guard contents.count >= 8 else {
      throw .malformedFile(
        file: file, expected: "at least 8 bytes of safetensors", found: "\(contents.count) bytes")
    }
    let length = UInt64(littleEndian: contents.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(maximumByteCount) else {
      throw .malformedFile(
        file: file, expected: "a safetensors header of at most \(maximumByteCount) bytes", found: "\(length) bytes")
    }
    let end = 8 + Int(length)
    guard end <= contents.count else {
      throw .malformedFile(
        file: file, expected: "a safetensors header of \(length) bytes", found: "\(contents.count - 8) bytes")
    }
    return 8..<end
  }

  private static func members(of header: UnsafeRawBufferPointer, file: String) throws(ModelFileError) -> JSONObject {
    let value: JSON
    do {
      value = try JSON(parsing: header, limits: JSONLimits(maximumDepth: 8, maximumByteCount: maximumByteCount))
    } catch {
      throw .malformedJSON(file: file, error)
    }
    guard case .object(let members) = value else {
      throw .malformedFile(file: file, expected: "a JSON object as header", found: value.kindName)
    }
    let keys = HeaderKeys(of: header)
    if keys.count != members.count {
      throw .invalidTensor(
        file: file, tensor: keys.firstDuplicate ?? "?", expected: "one description", found: "a second one")
    }
    return members
  }

  private static func metadata(of members: JSONObject, file: String) throws(ModelFileError) -> [String: String] {
    guard let value = members[metadataKey] else { return [:] }
    guard case .object(let texts) = value else {
      throw .invalidValue(file: file, key: metadataKey, expected: "an object of strings", found: value.excerpt)
    }
    var result: [String: String] = [:]
    for (key, text) in texts {
      guard case .string(let text) = text else {
        throw .invalidValue(file: file, key: "\(metadataKey).\(key)", expected: "a string", found: text.excerpt)
      }
      result[key] = text
    }
    return result
  }

  // MARK: - Entries

  private static func entry(
    name: String, value: JSON, dataStart: Int, file: String
  ) throws(ModelFileError) -> TensorEntry {
    func invalid(_ expected: String, _ found: String) -> ModelFileError {
      .invalidTensor(file: file, tensor: name, expected: expected, found: found)
    }
    guard case .object(let fields) = value else { throw invalid("an object as description", value.excerpt) }
    guard let dataType = fields["dtype"]?.stringValue, let bits = bitWidths[dataType] else {
      throw invalid("a known dtype", fields["dtype"]?.excerpt ?? "none")
    }
    guard let shape = sizes(fields["shape"]) else {
      throw invalid("a shape of whole numbers from 0", fields["shape"]?.excerpt ?? "none")
    }
    guard let offsets = sizes(fields["data_offsets"]), offsets.count == 2, offsets[0] <= offsets[1] else {
      throw invalid("data_offsets [begin, end] with begin <= end", fields["data_offsets"]?.excerpt ?? "none")
    }
    var bitCount = bits
    for size in shape {
      let (product, overflow) = bitCount.multipliedReportingOverflow(by: size)
      guard !overflow else { throw invalid("a shape that fits in memory", "\(shape)") }
      bitCount = product
    }
    guard bitCount % 8 == 0, bitCount / 8 == offsets[1] - offsets[0] else {
      throw invalid("\(bitCount / 8) bytes for \(dataType) \(shape)", "\(offsets[1] - offsets[0]) bytes")
    }
    let (begin, beginOverflow) = dataStart.addingReportingOverflow(offsets[0])
    let (end, endOverflow) = dataStart.addingReportingOverflow(offsets[1])
    guard !beginOverflow, !endOverflow else { throw invalid("data_offsets inside the file", "\(offsets)") }
    return TensorEntry(name: name, dataType: dataType, shape: shape, range: begin..<end)
  }

  private static func sizes(_ value: JSON?) -> [Int]? {
    guard case .array(let elements) = value else { return nil }
    var result: [Int] = []
    result.reserveCapacity(elements.count)
    for element in elements {
      guard case .integer(let size) = element, size >= 0 else { return nil }
      result.append(size)
    }
    return result
  }

  /// Bits an element takes, for every data type of the format.
  private static let bitWidths: [String: Int] = [
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64,
  ]

  // MARK: - Coverage

  /// Checks that the tensors, in the order of their data, lie end to end from `start` to `end`.
  private static func checkCoverage(
    of entries: [TensorEntry], from start: Int, to end: Int, file: String
  ) throws(ModelFileError) {
    var position = start
    for entry in entries {
      guard entry.range.lowerBound == position else {
        throw .invalidTensor(
          file: file, tensor: entry.name, expected: "data from offset \(position - start), without hole or overlap",
          found: "data from offset \(entry.range.lowerBound - start)")
      }
      guard entry.range.upperBound <= end else {
        throw .invalidTensor(
          file: file, tensor: entry.name, expected: "data up to byte \(entry.range.upperBound) of the file",
          found: "a file of \(end) bytes")
      }
      position = entry.range.upperBound
    }
    guard position == end else {
      throw .malformedFile(
        file: file, expected: "a file of \(position) bytes by its header", found: "\(end) bytes")
    }
  }
}
