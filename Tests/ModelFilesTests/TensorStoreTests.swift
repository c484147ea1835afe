import JSON
import ModelFiles
import Tensor
import Testing

@Suite struct TensorStoreTests {
  private let a = (name: "a", shape: [2], values: [Float(1), 2])
  private let b = (name: "b", shape: [1, 3], values: [Float(3), 4, 5])

  private func message(_ body: () throws -> Void) -> String? {
    (#expect(throws: ModelFileError.self) { try body() })?.description
  }

  private func sharded(_ map: JSON, _ shards: [String: [UInt8]]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write("model.safetensors.index.json", ["metadata": ["total_size": 20], "weight_map": map])
    for (name, bytes) in shards { try folder.write(name, bytes) }
    return folder
  }

  @Test func readsASingleFile() throws {
    let folder = try TemporaryFolder()
    try folder.write("model.safetensors", Safetensors.file([a, b]))
    let store = try TensorStore(folder: folder.path)
    #expect(store.names == ["a", "b"])
    #expect(store.contains("a") && !store.contains("c"))
    #expect(try store.tensor("b", shape: [1, 3]).floats() == [3, 4, 5])
    #expect(store.fileCount == 1)
  }

  @Test func readsShards() throws {
    let folder = try sharded(
      ["a": "one", "b": "two"], ["one": Safetensors.file([a]), "two": Safetensors.file([b])])
    let store = try TensorStore(folder: folder.path)
    #expect(try store.tensor("a", shape: [2]).floats() == [1, 2])
    #expect(try store.tensor("b", shape: [1, 3]).floats() == [3, 4, 5])
    #expect(store.fileCount == 2)
  }

  @Test func tensorOutlivesItsStore() throws {
    var tensor: TensorView?
    do {
      let folder = try TemporaryFolder()
      try folder.write("model.safetensors", Safetensors.file([a]))
      tensor = try TensorStore(folder: folder.path).tensor("a", shape: [2])
    }
    #expect(tensor?.floats() == [1, 2])
  }

  @Test func tensorErrorsNameFileTensorExpectedAndFound() throws {
    let folder = try sharded(
      ["a": "one", "b": "two", "i": "two"],
      [
        "one": Safetensors.file([a]),
        "two": Safetensors.file(
          header: """
            {"b":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"i":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}
            """, data: Array(repeating: 0, count: 8)),
      ])
    let store = try TensorStore(folder: folder.path)
    #expect(
      message { _ = try store.tensor("a", shape: [2, 1]) } == "one: tensor a: expected shape [2, 1], found shape [2]")
    #expect(
      message { _ = try store.tensor("c", shape: [4]) }
        == "one, two: tensor c: expected shape [4], found no such tensor")
    #expect(
      message { _ = try store.tensor("i", shape: [1]) }
        == "two: tensor i: expected one of the types F32, F16, BF16, found I64")
  }

  @Test func extraTensorsAreErrorsUnlessIgnored() throws {
    let folder = try TemporaryFolder()
    let mtp = (name: "mtp.fc", shape: [1], values: [Float(0)])
    try folder.write("model.safetensors", Safetensors.file([a, b, mtp]))
    let store = try TensorStore(folder: folder.path)
    #expect(throws: Never.self) { try store.checkAllUsed(expected: ["a", "b"]) }
    #expect(
      message { try store.checkAllUsed(expected: ["a"]) }
        == "model.safetensors: expected only tensors of the model, found also b")
  }

  @Test func missingWeightsNameBothPlaces() throws {
    let folder = try TemporaryFolder()
    #expect(
      message { _ = try TensorStore(folder: folder.path) }
        == "\(folder.path): expected model.safetensors or model.safetensors.index.json, found no such file")
  }

  @Test func indexErrors() throws {
    let one = Safetensors.file([a])
    var folder = try sharded(["a": "one", "b": "two"], ["one": one])
    #expect(message { _ = try TensorStore(folder: folder.path) } == "\(folder.path)/two: no such file")

    folder = try sharded(["a": "one", "b": "one"], ["one": one])
    #expect(
      message { _ = try TensorStore(folder: folder.path) }
        == "one: tensor b: expected the tensor, as model.safetensors.index.json says, found no such tensor")

    folder = try sharded(["a": "one", "b": "two"], ["one": Safetensors.file([a, b]), "two": Safetensors.file([b])])
    #expect(
      message { _ = try TensorStore(folder: folder.path) }
        == "one: tensor b: expected a tensor model.safetensors.index.json lists for this shard, found two for it")

    folder = try sharded(["a": "one"], ["one": Safetensors.file([a, b])])
    #expect(
      message { _ = try TensorStore(folder: folder.path) }
        == "one: tensor b: expected a tensor model.safetensors.index.json lists for this shard, found no mention of it")

    folder = try sharded([:], [:])
    #expect(
      message { _ = try TensorStore(folder: folder.path) }
        == "model.safetensors.index.json: weight_map: expected 1 to 4096 shards, found 0")
    folder = try sharded(nil, [:])
    #expect(
      message { _ = try TensorStore(folder: folder.path) }
        == "model.safetensors.index.json: weight_map: expected an object, found null")
  }

  @Test(arguments: ["../secret", "/etc/passwd", "..", ".", "", "a/b", "a\\b", "a\u{0}b"])
  func shardNamesStayInTheFolder(_ name: String) throws {
    let folder = try sharded(["a": .string(name)], [:])
    let error = message { _ = try TensorStore(folder: folder.path) }
    #expect(
      error?.hasPrefix(
        "model.safetensors.index.json: weight_map.a: expected the name of a file in the same folder, found ") == true)
  }
}
