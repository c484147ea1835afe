import Foundation
import Tensor
import Testing

@Suite struct MappedFileTests {
  @Test func mapsContents() throws {
    let folder = try TemporaryFolder()
    let contents = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let file = try MappedFile(path: folder.write("data", contents))
    #expect(file.contents() == contents)
  }

  @Test func emptyFileHasNoBytes() throws {
    let folder = try TemporaryFolder()
    #expect(try MappedFile(path: folder.write("empty", "")).bytes.isEmpty)
  }

  @Test func followsSymbolicLinks() throws {
    let folder = try TemporaryFolder()
    let target = try folder.write("blob", "weights")
    let link = "\(folder.path)/model"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
    #expect(try MappedFile(path: link).contents() == Array("weights".utf8))
  }

  @Test func noticesWritesButNotAnotherFileOfItsName() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("data", "weights")
    let file = try MappedFile(path: path)
    try FileManager.default.moveItem(atPath: folder.write("new", "other"), toPath: "\(folder.path)/between")
    #expect(rename("\(folder.path)/between", path) == 0)
    #expect(!file.hasChanged && file.contents() == Array("weights".utf8))
    let other = try MappedFile(path: path)
    #expect(truncate(path, 3) == 0)
    #expect(other.hasChanged && !file.hasChanged)
  }

  @Test func namesWhatIsWrong() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("file", "x")
    #expect(throws: MappedFileError.notFound(path: "\(folder.path)/none")) {
      try MappedFile(path: "\(folder.path)/none")
    }
    #expect(throws: MappedFileError.notFound(path: "\(file)/below")) { try MappedFile(path: "\(file)/below") }
    #expect(throws: MappedFileError.notAFile(path: folder.path)) { try MappedFile(path: folder.path) }
    let fifo = "\(folder.path)/fifo"
    try #require(mkfifo(fifo, 0o600) == 0)
    #expect(throws: MappedFileError.notAFile(path: fifo)) { try MappedFile(path: fifo) }
    #expect(
      MappedFileError.unreadable(path: "/m", reason: "Permission denied").description
        == "/m: cannot be read: Permission denied")
  }
}

@Suite struct TensorViewTests {
  /// A tensor over bytes that start at an odd address.
  private func unaligned(_ shape: [Int], _ type: ElementType, _ bytes: [UInt8]) throws -> TensorView {
    let folder = try TemporaryFolder()
    let file = try MappedFile(path: folder.write("data", [0] + bytes))
    let part = UnsafeRawBufferPointer(rebasing: file.bytes[1...])
    return TensorView(name: "t", shape: shape, type: type, bytes: part, owner: file)
  }

  @Test func convertsUnalignedElementsExactly() throws {
    let f32 = try unaligned([2], .f32, [0, 0, 0xC0, 0x3F, 1, 0, 0, 0])
    #expect(f32.floats() == [1.5, Float.leastNonzeroMagnitude])
    // 1.5, -2, the smallest subnormal, infinity.
    let f16 = try unaligned([4], .f16, [0x00, 0x3E, 0x00, 0xC0, 0x01, 0x00, 0x00, 0x7C])
    #expect(f16.floats() == [1.5, -2, 0x1p-24, .infinity])
    let bf16 = try unaligned([4], .bf16, [0xC0, 0x3F, 0x00, 0xC0, 0x01, 0x00, 0x7F, 0x7F])
    #expect(bf16.floats() == [1.5, -2, 0x1p-133, 0x1.FEp127])
  }

  @Test func everyHalfPatternRoundTrips() throws {
    let patterns = (0...UInt16.max).filter { !Float16(bitPattern: $0).isNaN }
    let bytes = patterns.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }
    let floats = try unaligned([patterns.count], .f16, bytes).floats()
    #expect(floats.map { Float16($0).bitPattern } == patterns)
  }

  @Test func slicesAlongTheFirstDimension() {
    let tensor = TensorView(name: "t", shape: [3, 2, 2], floats: (0..<12).map(Float.init))
    #expect(tensor.elementCount == 12)
    #expect(tensor.row(1).shape == [2, 2])
    #expect(tensor.row(1).floats() == [4, 5, 6, 7])
    #expect(tensor.row(2).row(0).floats() == [8, 9])
    #expect(tensor.row(2).row(0).row(1).shape == [])
    #expect(tensor.slice(1..<3).shape == [2, 2, 2])
    #expect(tensor.slice(1..<3).floats() == (4..<12).map(Float.init))
    #expect(tensor.slice(3..<3).floats() == [])
  }

  @Test func ownedMemoryIsAlignedForVectors() {
    let tensor = TensorView(name: "t", shape: [5], floats: [1, 2, 3, 4, 5])
    #expect(UInt(bitPattern: tensor.bytes.baseAddress) % 64 == 0)
  }
}
