import ModelFiles
import Tensor
import Testing

@Suite struct GGUFSplitTests {
  private let parts = (1...3).map { "split-0000\($0)-of-00003.gguf" }

  private func message(_ body: () throws -> Void) -> String? {
    (#expect(throws: ModelFileError.self) { try body() })?.description
  }

  /// Files the `gguf` package split.
  @Test func allPartsAreOpenedFromTheFirst() throws {
    let store = try TensorStore(GGUFFile(path: "\(Fixtures.gguf)/\(parts[0])"), layerCount: 0)
    #expect(store.fileCount == 3)
    #expect(store.names == ["t0", "t1", "t2", "t3", "t4"])
    for index in 0..<5 {
      let floats = try store.tensor("t\(index)", shape: [2, 4]).floats()
      #expect(floats == Array(repeating: Float(index), count: 8))
    }
  }

  @Test func anotherPartNamesTheFirst() {
    #expect(
      message { _ = try GGUFFile(path: "\(Fixtures.gguf)/\(parts[1])") }
        == "\(parts[1]): split.no: expected 0: open the first file, \(parts[0]), found 1")
  }

  private func write(_ folder: TemporaryFolder, _ number: Int, of count: Int, name: String, tensors: Int = 2) throws {
    var file = GGUF([
      ("split.no", .uint32(UInt32(number))), ("split.count", .uint32(UInt32(count))),
      ("split.tensors.count", .int32(Int32(tensors))),
    ])
    file.add("t\(number)", [1])
    try folder.write(name, file.bytes)
  }

  @Test func partsHaveToFitTogether() throws {
    let folder = try TemporaryFolder()
    let first = "m-00001-of-00002.gguf"
    let second = "m-00002-of-00002.gguf"
    func open() throws { _ = try TensorStore(GGUFFile(path: "\(folder.path)/\(first)"), layerCount: 0) }
    try write(folder, 0, of: 2, name: first)
    #expect(message(open) == "\(folder.path)/\(second): no such file")
    try write(folder, 0, of: 2, name: second)
    #expect(message(open) == "\(second): split.no: expected 1, as the file's name says, found 0")
    try write(folder, 1, of: 3, name: second)
    #expect(message(open) == "\(second): split.count: expected 2, as the file's name says, found 3")
    try write(folder, 1, of: 2, name: second)
    #expect(throws: Never.self) { try open() }
    try write(folder, 0, of: 2, name: first, tensors: 3)
    #expect(
      message(open) == "\(first): split.tensors.count: expected 2, the number of tensors in all files, found 3")
    try write(folder, 0, of: 2, name: "m.gguf")
    #expect(
      message { _ = try GGUFFile(path: "\(folder.path)/m.gguf") }
        == "m.gguf: expected NAME-00001-of-00002.gguf as the name of the first of 2 files, found m.gguf")
    var twin = GGUF([("split.no", .uint32(1)), ("split.count", .uint32(2))])
    twin.add("t0", [1])
    try folder.write(second, twin.bytes)
    try write(folder, 0, of: 2, name: first)
    #expect(message(open) == "\(second): tensor t0: expected one description in all files, found a second one")
  }
}
