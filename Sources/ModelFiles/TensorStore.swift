public import Tensor

/// The weights of a model: tensors by name, from one safetensors file or several shards, mapped and not read.
public struct TensorStore: Sendable {
  private struct Location {
    let file: Int
    let entry: SafetensorsHeader.Entry
  }

  private let files: [MappedFile]
  private let fileNames: [String]
  private let locations: [String: Location]

  /// What the names of a multi-token-prediction head begin with; nothing here computes with them.
  public static let ignoredPrefix = "mtp."

  /// Whose names the tensors have.
  public let layout = WeightLayout.huggingFace

  /// The element types safetensors files have and this program computes with.
  private static let types = ElementType.allCases.filter { !$0.isQuantized }

  /// The names of all tensors, sorted.
  public let names: [String]

  /// Opens `model.safetensors`, or the shards `model.safetensors.index.json` lists, in `folder`.
  public init(folder: String) throws(ModelFileError) {
    let single = "model.safetensors"
    let index = "model.safetensors.index.json"
    if FolderFiles.exists(single, in: folder) {
      try self.init(folder: folder, fileNames: [single], index: nil)
    } else if FolderFiles.exists(index, in: folder) {
      let map = try ShardIndex(parsing: FolderFiles.read(index, in: folder), file: index)
      try self.init(folder: folder, fileNames: map.shards, index: map)
    } else {
      throw .missingFile(folder: folder, anyOf: [single, index])
    }
  }

  private init(folder: String, fileNames: [String], index: ShardIndex?) throws(ModelFileError) {
    var files: [MappedFile] = []
    var locations: [String: Location] = [:]
    for (number, name) in fileNames.enumerated() {
      let file = try FolderFiles.map(name, in: folder)
      files.append(file)
      let header = try SafetensorsHeader(parsing: file.bytes, file: name)
      for entry in header.entries {
        if let index, index.shardOfTensor[entry.name] != name {
          throw .invalidTensor(
            file: name, tensor: entry.name, expected: "a tensor \(index.file) lists for this shard",
            found: index.shardOfTensor[entry.name].map { "\($0) for it" } ?? "no mention of it")
        }
        guard locations.updateValue(Location(file: number, entry: entry), forKey: entry.name) == nil else {
          throw .invalidTensor(
            file: name, tensor: entry.name, expected: "one description", found: "a second one")
        }
      }
    }
    if let index {
      for (tensor, shard) in index.shardOfTensor.sorted(by: { $0.key < $1.key }) where locations[tensor] == nil {
        throw .invalidTensor(
          file: shard, tensor: tensor, expected: "the tensor, as \(index.file) says", found: "no such tensor")
      }
    }
    self.files = files
    self.fileNames = fileNames
    self.locations = locations
    names = locations.keys.sorted()
  }

  /// Whether there is a tensor called `name`.
  public func contains(_ name: String) -> Bool { locations[name] != nil }

  /// The tensor called `name`, which must have exactly the dimensions `shape` and a type this program computes with.
  public func tensor(_ name: String, shape: [Int]) throws(ModelFileError) -> TensorView {
    guard let location = locations[name] else {
      throw .missingTensor(tensor: name, expected: "shape \(shape)", files: fileNames)
    }
    let entry = location.entry
    let file = fileNames[location.file]
    guard entry.shape == shape else {
      throw .invalidTensor(file: file, tensor: name, expected: "shape \(shape)", found: "shape \(entry.shape)")
    }
    guard let type = Self.types.first(where: { $0.description == entry.dataType }) else {
      let known = Self.types.map(\.description).joined(separator: ", ")
      throw .invalidTensor(file: file, tensor: name, expected: "one of the types \(known)", found: entry.dataType)
    }
    let mapped = files[location.file]
    return TensorView(
      name: name, shape: shape, type: type, bytes: UnsafeRawBufferPointer(rebasing: mapped.bytes[entry.range]),
      owner: mapped)
  }

  /// Refuses tensors that are neither `expected` nor begin with a prefix in `ignoring`: a model that has more
  /// parts than are computed would answer wrongly without a word.
  public func checkAllUsed(expected: Set<String>, ignoring prefixes: [String] = [ignoredPrefix]) throws(ModelFileError)
  {
    let extra = names.filter { name in !expected.contains(name) && !prefixes.contains { name.hasPrefix($0) } }
    guard let first = extra.first, let location = locations[first] else { return }
    throw .unexpectedTensors(file: fileNames[location.file], tensors: extra)
  }

  // MARK: - Sizes

  /// The number of weight files.
  public var fileCount: Int { files.count }

  /// Bytes of all weight files.
  public var fileByteCount: Int { files.reduce(0) { $0 + $1.bytes.count } }

  /// The description of every tensor, by name.
  var entries: [SafetensorsHeader.Entry] { names.compactMap { locations[$0]?.entry } }
}
