import JSON
import ModelFiles
import Tensor
import Testing

@Suite struct GGUFHeaderTests {
  private func parse(_ bytes: [UInt8]) throws(ModelFileError) -> GGUFHeader {
    var result: Result<GGUFHeader, ModelFileError>?
    bytes.withUnsafeBytes { contents in
      result = Result { () throws(ModelFileError) in try GGUFHeader(parsing: contents, file: "m.gguf") }
    }
    guard let result else { throw .notUTF8(file: "unreachable") }
    return try result.get()
  }

  private func message(_ file: GGUF) -> String? { message(file.bytes) }

  private func message(_ bytes: [UInt8]) -> String? {
    (#expect(throws: ModelFileError.self) { try parse(bytes) })?.description
  }

  /// The file the `gguf` package wrote: every type of metadata, and tensors where it says they are.
  @Test func readsWhatThePackageWrote() throws {
    let expected = try #require(try Fixtures.json("\(Fixtures.gguf)/all-types.json")["tensors"]?.objectValue)
    let file = try GGUFFile(path: "\(Fixtures.gguf)/all-types.gguf")
    let values = file.metadata.values
    #expect(values["u8"] == .uint8(255) && values["i8"] == .int8(-128))
    #expect(values["u16"] == .uint16(65535) && values["i16"] == .int16(-32768))
    #expect(values["u32"] == .uint32(.max) && values["i32"] == .int32(.min))
    #expect(values["u64"] == .uint64(.max) && values["i64"] == .int64(.min))
    #expect(values["f32"] == .float32(0.1) && values["f64"] == .float64(0.1))
    #expect(values["yes"] == .bool(true) && values["no"] == .bool(false))
    #expect(values["text"] == .string("naïve \u{1F426}\n"))
    #expect(values["integers"] == .array(.int32([1, -2, 3])))
    #expect(values["numbers"] == .array(.float32([0.5, -1.5])))
    #expect(values["flags"] == .array(.bool([true, false, true])))
    #expect(values["texts"] == .array(.string(["a", "", "Ġthe", "\u{1F426}"])))

    let store = try TensorStore(file, layerCount: 0)
    #expect(store.layout == .llamaCpp)
    #expect(store.names == expected.map(\.0).sorted())
    for (name, description) in expected {
      let shape = try #require(description["shape"]?.arrayValue).compactMap(\.intValue)
      guard !["Q2_K", "I32"].contains(name) else {
        let error = #expect(throws: ModelFileError.self) { try store.tensor(name, shape: shape) }
        #expect(
          error?.description
            == "all-types.gguf: tensor \(name): expected one of the types F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, "
            + "Q5_1, Q4_K, Q5_K, Q6_K, found \(name)")
        continue
      }
      let tensor = try store.tensor(name, shape: shape)
      #expect(tensor.type.description == name)
      #expect(tensor.bytes.count == description["bytes"]?.intValue)
      #expect(tensor.bytes.reduce(0) { $0 + Int($1) } == description["sum"]?.intValue, "\(name)")
    }
  }

  @Test func versionTwoIsTheSame() throws {
    var file = GGUF([("a", .uint32(7))])
    file.add("w", [2, 3])
    let third = try parse(file.bytes)
    file.version = 2
    let second = try parse(file.bytes)
    #expect(second.entries == third.entries && second.metadata.values == third.metadata.values)
    #expect(second.entries.map(\.shape) == [[2, 3]])
  }

  @Test func everyCutIsAnError() throws {
    var file = GGUF([("a", .string("text")), ("b", .array(.string(["x", "yz"])))])
    file.add("w", [2, 3])
    file.dataCount = 24
    let bytes = file.bytes
    for count in 0..<bytes.count { #expect(throws: ModelFileError.self) { try parse(Array(bytes[..<count])) } }
  }

  struct Broken: CustomTestStringConvertible {
    let message: String
    let bytes: [UInt8]
    var testDescription: String { message }

    init(_ message: String, _ metadata: [(String, GGUFValue)] = [], _ change: (inout GGUF) -> Void) {
      var file = GGUF(metadata.map { (key: $0.0, value: $0.1) })
      change(&file)
      self.message = message
      bytes = file.bytes
    }
  }

  private static func tensor(
    _ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64? = nil, bytes: Int = 64, name: String = "w"
  ) -> GGUF.Tensor {
    GGUF.Tensor(name: name, dimensions: dimensions, type: type, offset: offset, byteCount: bytes)
  }

  static let broken: [Broken] = [
    Broken("m.gguf: expected a GGUF file, which begins with \"GGUF\", found other bytes") {
      $0.magic = Array("GGML".utf8)
    },
    Broken("m.gguf: expected GGUF version 2 or 3, little-endian, found version 1") { $0.version = 1 },
    Broken("m.gguf: expected GGUF version 2 or 3, little-endian, found version 3, big-endian") { $0.version = 3 << 24 },
    Broken("m.gguf: expected at most 131072 as the number of tensors, found 18446744073709551615") {
      $0.tensorCount = .max
    },
    Broken("m.gguf: expected at most 65536 as the number of metadata values, found 9223372036854775808") {
      $0.metadataCount = 1 << 63
    },
    Broken("m.gguf: a: expected one value, found a second one", [("a", .bool(true)), ("a", .bool(true))]) { _ in },
    Broken("m.gguf: general.alignment: expected a power of two, found 24", [("general.alignment", .uint32(24))]) {
      _ in
    },
    Broken(
      "m.gguf: general.alignment: expected a whole number from 1 to 1048576, found 0",
      [("general.alignment", .uint32(0))]
    ) { _ in },
    Broken("m.gguf: tensor w: expected at most 4 dimensions, found 5") { $0.tensors = [tensor([1, 1, 1, 1, 1])] },
    Broken("m.gguf: tensor w: expected dimensions of at least 1, found [0, 4]") { $0.tensors = [tensor([4, 0])] },
    Broken("m.gguf: tensor w: expected dimensions of at least 1, found [18446744073709551615]") {
      $0.tensors = [tensor([.max])]
    },
    Broken("m.gguf: tensor w: expected a shape that fits in memory, found [4294967296, 4294967296]") {
      $0.tensors = [tensor([1 << 32, 1 << 32])]
    },
    Broken("m.gguf: tensor w: expected a shape that fits in memory, found [4611686018427387904]") {
      $0.tensors = [tensor([1 << 62])]
    },
    Broken("m.gguf: tensor w: expected a known type, found type 4") { $0.tensors = [tensor([32], type: 4)] },
    Broken("m.gguf: tensor w: expected rows of whole blocks of 32 for Q8_0, found shape [32, 33]") {
      $0.tensors = [tensor([33, 32], type: 8)]
    },
    Broken("m.gguf: tensor w: expected one description, found a second one") {
      $0.tensors = [tensor([16]), tensor([16])]
    },
    Broken("m.gguf: tensor w: expected an offset that is a multiple of 32, found 16") {
      $0.tensors = [tensor([4], offset: 16)]
    },
    Broken("m.gguf: tensor v: expected data from offset 64, after the tensor before it, found data from offset 32") {
      $0.tensors = [tensor([16]), tensor([16], offset: 32, name: "v")]
    },
    Broken("m.gguf: tensor w: expected 64 bytes of data from offset 0, found 63 bytes of data in the file") {
      $0.tensors = [tensor([16])]
      $0.dataCount = 63
    },
    Broken(
      "m.gguf: tensor w: expected 64 bytes of data from offset 18446744073709551584, found 64 bytes of data in the file"
    ) { $0.tensors = [tensor([16], offset: .max - 31)] },
  ]

  @Test(arguments: broken) func brokenFilesAreRefused(_ broken: Broken) {
    #expect(message(broken.bytes) == broken.message)
  }

  @Test func brokenValuesAreRefused() {
    func file(_ value: [UInt8]) -> [UInt8] {
      Array("GGUF".utf8) + GGUF.bytes(UInt32(3)) + GGUF.bytes(UInt64(0)) + GGUF.bytes(UInt64(1)) + GGUF.bytes("k")
        + value
    }
    #expect(message(file(GGUF.bytes(UInt32(13)))) == "m.gguf: k: expected a type from 0 to 12, found type 13")
    #expect(message(file(GGUF.bytes(UInt32(7)) + [2])) == "m.gguf: k: expected 0 or 1 as a flag, found 2")
    #expect(
      message(file(GGUF.bytes(UInt32(8)) + GGUF.bytes(UInt64(2)) + [0xFF, 0xFF]))
        == "m.gguf: expected UTF-8 as k at byte 45, found other bytes")
    #expect(
      message(file(GGUF.bytes(UInt32(8)) + GGUF.bytes(UInt64.max)))
        == "m.gguf: expected at most 16777216 as the length of k, found 18446744073709551615")
    let array = GGUF.bytes(UInt32(9))
    #expect(
      message(file(array + GGUF.bytes(UInt32(9)) + GGUF.bytes(UInt64(0))))
        == "m.gguf: k: expected an array of plain values, found an array of arrays")
    #expect(
      message(file(array + GGUF.bytes(UInt32(4)) + GGUF.bytes(UInt64(1 << 20))))
        == "m.gguf: expected 1048576 elements of k at byte 49, found 0 bytes")
    #expect(
      message(file(array + GGUF.bytes(UInt32(4)) + GGUF.bytes(UInt64.max)))
        == "m.gguf: expected at most 16777216 as the number of elements of k, found 18446744073709551615")
  }
}
