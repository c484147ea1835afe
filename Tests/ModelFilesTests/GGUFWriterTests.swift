import Foundation
import ModelFiles
import Tensor
import Testing

@Suite struct GGUFWriterTests {
  private func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }

  private func text(_ text: String) -> [UInt8] { little(UInt64(text.utf8.count)) + text.utf8 }

  /// Every byte as the format's description has it.
  @Test func writesHeaderAndAlignedData() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/m.gguf"
    let tensors = [
      OutputTensor(name: "a", shape: [2, 3], type: .f16),
      OutputTensor(name: "b", shape: [2, 1, 32], type: .q80),
    ]
    let writer = try GGUFWriter(
      path: path,
      metadata: [
        ("k.u8", .uint8(7)), ("k.f", .float32(1.5)), ("k.s", .string("é")), ("k.b", .bool(true)),
        ("k.i64", .int64(-2)), ("k.a", .array(.string(["x", ""]))), ("k.n", .array(.int32([-1, 1]))),
      ], tensors: tensors)
    // The second tensor comes first, in two parts.
    let blocks = (0..<68).map { UInt8($0) }
    try blocks[34...].withUnsafeBytes { try writer.write($0, tensor: 1, offset: 34) }
    try blocks[..<34].withUnsafeBytes { try writer.write($0, tensor: 1, offset: 0) }
    try (1...12).map { UInt8($0) }.withUnsafeBytes { try writer.write($0, tensor: 0, offset: 0) }
    #expect(!FileManager.default.fileExists(atPath: path))
    try writer.finish()

    var expected = Array("GGUF".utf8) + little(UInt32(3)) + little(UInt64(2)) + little(UInt64(7))
    expected += text("k.u8") + little(UInt32(0)) + [7]
    expected += text("k.f") + little(UInt32(6)) + little(Float(1.5).bitPattern)
    expected += text("k.s") + little(UInt32(8)) + text("é")
    expected += text("k.b") + little(UInt32(7)) + [1]
    expected += text("k.i64") + little(UInt32(11)) + little(Int64(-2))
    expected += text("k.a") + little(UInt32(9)) + little(UInt32(8)) + little(UInt64(2)) + text("x") + text("")
    expected += text("k.n") + little(UInt32(9)) + little(UInt32(5)) + little(UInt64(2)) + little(Int32(-1))
    expected += little(Int32(1))
    expected += text("a") + little(UInt32(2)) + little(UInt64(3)) + little(UInt64(2)) + little(UInt32(1))
    expected += little(UInt64(0))
    expected += text("b") + little(UInt32(3)) + little(UInt64(32)) + little(UInt64(1)) + little(UInt64(2))
    expected += little(UInt32(8)) + little(UInt64(32))
    func pad() { expected += [UInt8](repeating: 0, count: (32 - expected.count % 32) % 32) }
    pad()
    expected += 1...12
    pad()
    expected += blocks
    pad()
    #expect(try Array(Data(contentsOf: URL(filePath: path))) == expected)
  }

  @Test func leavesNothingBehindUnlessFinished() throws {
    let folder = try TemporaryFolder()
    do { _ = try GGUFWriter(path: "\(folder.path)/m.gguf", metadata: [], tensors: []) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    #expect(throws: ModelFileError.unwritable(path: "/nowhere/m", reason: "No such file or directory")) {
      try GGUFWriter(path: "/nowhere/m", metadata: [], tensors: [])
    }
  }

  @Test func safetensorsHoldPlainFloatsOnly() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/m.safetensors"
    let tensors = [
      OutputTensor(name: "a", shape: [3], type: .f32), OutputTensor(name: "b", shape: [2, 2], type: .bf16),
    ]
    let writer = try SafetensorsWriter(path: path, tensors: tensors)
    try [1, 2, 3].map(Float.init).withUnsafeBytes { try writer.write($0, tensor: 0, offset: 0) }
    try [0x3F80, 0x4000, 0x4040, 0x4080].map(UInt16.init).withUnsafeBytes { try writer.write($0, tensor: 1, offset: 0) }
    try writer.finish()
    let file = try MappedFile(path: path)
    let header = try SafetensorsHeader(parsing: file.bytes, file: path)
    #expect(header.entries.map(\.name) == ["a", "b"])
    let part = UnsafeRawBufferPointer(rebasing: file.bytes[header.entries[1].range])
    #expect(TensorView(name: "b", shape: [2, 2], type: .bf16, bytes: part, owner: file).floats() == [1, 2, 3, 4])
    #expect(throws: ModelFileError.self) {
      try SafetensorsWriter(path: path, tensors: [OutputTensor(name: "q", shape: [32], type: .q40)])
    }
  }
}
