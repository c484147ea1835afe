import Foundation
import Tensor
import Testing

/// Block formats against blocks and values of the `gguf` package (Tools/fixtures/make_block_formats.py).
@Suite struct DequantizationTests {
  struct Format: Decodable {
    let type: String
    let blocks: Data
    let values: Data
  }

  private struct File: Decodable {
    let schema: Int
    let formats: [Format]
  }

  static let quantizedTypes = ElementType.allCases.filter(\.isQuantized)

  static func format(_ type: ElementType) throws -> Format {
    let url = try #require(
      Bundle.module.url(forResource: "block_formats", withExtension: "json", subdirectory: "Fixtures"))
    let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
    try #require(file.schema == 1)
    return try #require(file.formats.first { $0.type == type.description })
  }

  private static func bits(_ values: Data) -> [UInt32] {
    values.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) }
    }
  }

  @Test(arguments: quantizedTypes) func equalsTheReferenceInBits(type: ElementType) throws {
    let format = try Self.format(type)
    let count = format.blocks.count / type.blockByteCount * type.blockLength
    #expect(type.byteCount(elements: count) == format.blocks.count)
    // At an odd address, since rows of a file need not be aligned.
    let bytes = [0xFF] + Array(format.blocks)
    let floats = [Float](unsafeUninitializedCapacity: count) { output, initialized in
      bytes.withUnsafeBytes { raw in
        guard let source = raw.baseAddress, let start = output.baseAddress else { return }
        Dequantization.dequantize(type, source + 1, count: count, to: start)
        initialized = count
      }
    }
    let expected = Self.bits(format.values)
    try #require(floats.count == expected.count)
    let wrong = zip(floats, expected).enumerated().filter { $1.0.bitPattern != $1.1 }
    #expect(wrong.isEmpty, "first at \(wrong.first?.offset ?? 0)")
  }

  @Test(arguments: quantizedTypes) func viewsConvertRowsAndSlices(type: ElementType) throws {
    let format = try Self.format(type)
    let rowBlocks = 2
    let rows = format.blocks.count / type.blockByteCount / rowBlocks
    let columns = rowBlocks * type.blockLength
    let memory = NSData(data: format.blocks.prefix(rows * type.byteCount(elements: columns)))
    let bytes = UnsafeRawBufferPointer(start: memory.bytes, count: memory.length)
    let view = TensorView(name: "t", shape: [rows, columns], type: type, bytes: bytes, owner: memory)
    let expected = Self.bits(format.values)
    #expect(view.elementCount == rows * columns)
    #expect(view.floats().map(\.bitPattern) == Array(expected[..<(rows * columns)]))
    #expect(view.row(1).shape == [columns])
    #expect(view.row(1).floats().map(\.bitPattern) == Array(expected[columns..<2 * columns]))
    #expect(view.slice(2..<4).floats().map(\.bitPattern) == Array(expected[2 * columns..<4 * columns]))
  }

  @Test func describesItself() {
    let names = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"]
    #expect(ElementType.allCases.map(\.description) == names)
    #expect(ElementType.allCases.filter { !$0.isQuantized } == [.f32, .f16, .bf16])
    #expect(ElementType.q4K.byteCount(elements: 512) == 288)
    #expect(ElementType.bf16.byteCount(elements: 3) == 6)
  }
}
