import ModelFiles
import Testing

@Suite struct SafetensorsHeaderTests {
  private func parse(_ bytes: [UInt8]) throws(ModelFileError) -> SafetensorsHeader {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: bytes)
    return try SafetensorsHeader(parsing: UnsafeRawBufferPointer(copy), file: "m.safetensors")
  }

  @Test func readsTensorsInTheOrderOfTheirData() throws {
    let header = """
      {"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[2,1],"data_offsets":[4,8]},\
      "a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"none":{"dtype":"I64","shape":[0,5],"data_offsets":[8,8]}}
      """
    // Headers may be padded with spaces, to align the data.
    let parsed = try parse(Safetensors.file(header: header + "   ", data: Array(repeating: 0, count: 8)))
    let start = 8 + header.utf8.count + 3
    #expect(parsed.entries.map(\.name) == ["a", "b", "none"])
    #expect(parsed.entries.map(\.shape) == [[], [2, 1], [0, 5]])
    #expect(parsed.entries.map(\.dataType) == ["F32", "BF16", "I64"])
    #expect(parsed.entries.map(\.range) == [start..<start + 4, start + 4..<start + 8, start + 8..<start + 8])
    #expect(parsed.metadata == ["format": "pt"])
  }

  @Test func namesOutsideASCIIAreKeptApartByTheirBytes() throws {
    let header = #"{"\#u{E9}":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
    #expect(try parse(Safetensors.file(header: header, data: [0])).entries.first?.name == "\u{E9}")
  }

  /// One malformed file: its bytes, and the whole message it must give.
  struct Malformed: CustomTestStringConvertible {
    let title: String
    let bytes: [UInt8]
    let message: String
    var testDescription: String { title }

    init(_ title: String, _ bytes: [UInt8], _ message: String) {
      self.title = title
      self.bytes = bytes
      self.message = message
    }

    /// A file whose header holds one tensor "w" of these fields, over eight bytes of data.
    init(_ title: String, tensor fields: String, data: Int = 8, _ message: String) {
      self.init(
        title, Safetensors.file(header: "{\"w\":\(fields)}", data: Array(repeating: 0, count: data)), message)
    }
  }

  static let malformed = [
    Malformed("empty file", [], "m.safetensors: expected at least 8 bytes of safetensors, found 0 bytes"),
    Malformed(
      "seven bytes", [1, 2, 3, 4, 5, 6, 7], "m.safetensors: expected at least 8 bytes of safetensors, found 7 bytes"),
    Malformed(
      "header longer than allowed", Safetensors.file(header: "{}", statedLength: 100_000_001),
      "m.safetensors: expected a safetensors header of at most 100000000 bytes, found 100000001 bytes"),
    Malformed(
      "header length of all ones", Safetensors.file(header: "{}", statedLength: .max),
      "m.safetensors: expected a safetensors header of at most 100000000 bytes, found 18446744073709551615 bytes"),
    Malformed(
      "header cut short", Safetensors.file(header: "{}", statedLength: 3),
      "m.safetensors: expected a safetensors header of 3 bytes, found 2 bytes"),
    Malformed(
      "not JSON", Safetensors.file(header: "{]"),
      "m.safetensors: malformed JSON: expected a key in quotes, found ']' at line 1 column 2 (byte 1)"),
    Malformed(
      "not an object", Safetensors.file(header: "[]"),
      "m.safetensors: expected a JSON object as header, found array"),
    Malformed(
      "duplicate name",
      Safetensors.file(
        header: """
          {"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0077":1,"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}
          """, data: [0]),
      "m.safetensors: tensor w: expected one description, found a second one"),
    Malformed(
      "metadata not of strings", Safetensors.file(header: #"{"__metadata__":{"n":1}}"#),
      "m.safetensors: __metadata__.n: expected a string, found 1"),
    Malformed("no object", tensor: "7", "m.safetensors: tensor w: expected an object as description, found 7"),
    Malformed(
      "unknown type", tensor: #"{"dtype":"F7","shape":[2],"data_offsets":[0,8]}"#,
      "m.safetensors: tensor w: expected a known dtype, found \"F7\""),
    Malformed(
      "no type", tensor: #"{"shape":[2],"data_offsets":[0,8]}"#,
      "m.safetensors: tensor w: expected a known dtype, found none"),
    Malformed(
      "negative size", tensor: #"{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}"#,
      "m.safetensors: tensor w: expected a shape of whole numbers from 0, found [-2]"),
    Malformed(
      "broken size", tensor: #"{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}"#,
      "m.safetensors: tensor w: expected a shape of whole numbers from 0, found [2.5]"),
    Malformed(
      "shape that overflows", tensor: #"{"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,8]}"#,
      "m.safetensors: tensor w: expected a shape that fits in memory, found [4611686018427387904, 8]"),
    Malformed(
      "shape that overflows to the right size",
      tensor: #"{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}"#,
      "m.safetensors: tensor w: expected a shape that fits in memory, found [4294967296, 4294967296]"),
    Malformed(
      "size that does not match", tensor: #"{"dtype":"F32","shape":[3],"data_offsets":[0,8]}"#,
      "m.safetensors: tensor w: expected 12 bytes for F32 [3], found 8 bytes"),
    Malformed(
      "half bytes", tensor: #"{"dtype":"F4","shape":[3],"data_offsets":[0,1]}"#,
      "m.safetensors: tensor w: expected 1 bytes for F4 [3], found 1 bytes"),
    Malformed(
      "offsets reversed", tensor: #"{"dtype":"F32","shape":[2],"data_offsets":[8,0]}"#,
      "m.safetensors: tensor w: expected data_offsets [begin, end] with begin <= end, found [8,0]"),
    Malformed(
      "offset beyond 64 bits",
      tensor: #"{"dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,18446744073709551616]}"#,
      "m.safetensors: tensor w: expected data_offsets [begin, end] with begin <= end, "
        + "found [1.8446744073709552e+19,1.8446744073709552e+19]"),
    Malformed(
      "offset at the end of 64 bits",
      tensor: #"{"dtype":"U8","shape":[1],"data_offsets":[9223372036854775806,9223372036854775807]}"#,
      "m.safetensors: tensor w: expected data_offsets inside the file, "
        + "found [9223372036854775806, 9223372036854775807]"),
    Malformed(
      "hole at the start", tensor: #"{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#,
      "m.safetensors: tensor w: expected data from offset 0, without hole or overlap, found data from offset 4"),
    Malformed(
      "overlap",
      Safetensors.file(
        header: """
          {"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[5],"data_offsets":[3,8]}}
          """, data: Array(repeating: 0, count: 8)),
      "m.safetensors: tensor b: expected data from offset 4, without hole or overlap, found data from offset 3"),
    Malformed(
      "data cut short", tensor: #"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, data: 7,
      "m.safetensors: tensor w: expected data up to byte 70 of the file, found a file of 69 bytes"),
    Malformed(
      "data left over", tensor: #"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, data: 9,
      "m.safetensors: expected a file of 70 bytes by its header, found 71 bytes"),
  ]

  @Test(arguments: malformed) func malformedFileIsNamedExactly(_ file: Malformed) {
    let error = #expect(throws: ModelFileError.self) { try parse(file.bytes) }
    #expect(error?.description == file.message)
  }

  @Test func everyTruncationOfAFileIsRefused() {
    let whole = Safetensors.file([("a", [2], [1, 2]), ("b", [1, 3], [3, 4, 5])])
    #expect(throws: Never.self) { try parse(whole) }
    for count in 0..<whole.count {
      #expect(throws: ModelFileError.self) { try parse(Array(whole.prefix(count))) }
    }
  }
}
