public import Tensor

/// The weights of a model: tensors by name, from one file or several that belong together, mapped and not read.
public struct TensorStore: Sendable {
  private struct Location {
    let file: Int
    let entry: TensorEntry
  }

  /// The weight files.
  public let files: [MappedFile]
  private let fileNames: [String]
  private let locations: [String: Location]

  /// Whose names the tensors have.
  public let layout: WeightLayout

  /// Blocks of a GGUF model from this one on are a multi-token-prediction head.
  private let layerCount: Int

  /// The names of all tensors, sorted.
  public let names: [String]

  private static let single = "model.safetensors"
  private static let index = "model.safetensors.index.json"

  /// Whether `folder` has the files that `init(folder:)` looks for.
  static func hasSafetensors(in folder: String) -> Bool {
    FolderFiles.exists(single, in: folder) || FolderFiles.exists(index, in: folder)
  }

  /// Opens `model.safetensors`, or the shards `model.safetensors.index.json` lists, in `folder`.
  public init(folder: String) throws(ModelFileError) {
    let (single, index) = (Self.single, Self.index)
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
    self.init(files, fileNames, locations, .huggingFace, layerCount: 0)
  }

  /// The tensors of a GGUF model. Blocks from `layerCount` on are a multi-token-prediction head.
  public init(_ model: GGUFFile, layerCount: Int) throws(ModelFileError) {
    var locations: [String: Location] = [:]
    for (number, part) in model.parts.enumerated() {
      for entry in part.entries {
        guard locations.updateValue(Location(file: number, entry: entry), forKey: entry.name) == nil else {
          throw .invalidTensor(
            file: part.name, tensor: entry.name, expected: "one description in all files", found: "a second one")
        }
      }
    }
    self.init(model.parts.map(\.mapped), model.parts.map(\.name), locations, .llamaCpp, layerCount: layerCount)
  }

  private init(
    _ files: [MappedFile], _ fileNames: [String], _ locations: [String: Location], _ layout: WeightLayout,
    layerCount: Int
  ) {
    self.files = files
    self.fileNames = fileNames
    self.locations = locations
    self.layout = layout
    self.layerCount = layerCount
    names = locations.keys.sorted()
  }

  /// Whether there is a tensor called `name`.
  public func contains(_ name: String) -> Bool { locations[name] != nil }

  /// The name of the file that has the tensor called `name`; empty where none has.
  public func fileName(of name: String) -> String { locations[name].map { fileNames[$0.file] } ?? "" }

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
    guard let type = types.first(where: { $0.description == entry.dataType }) else {
      let known = types.map(\.description).joined(separator: ", ")
      throw .invalidTensor(file: file, tensor: name, expected: "one of the types \(known)", found: entry.dataType)
    }
    let mapped = files[location.file]
    return TensorView(
      name: name, shape: shape, type: type, bytes: UnsafeRawBufferPointer(rebasing: mapped.bytes[entry.range]),
      owner: mapped)
  }

  /// Shows a tensor as its file has it: the name of its type, its dimensions and its bytes, which are valid during the
  /// call. Nothing happens where there is no such tensor.
  public func withContent(
    of name: String, _ body: (_ type: String, _ shape: [Int], _ bytes: UnsafeRawBufferPointer) -> Void
  ) {
    guard let location = locations[name] else { return }
    let entry = location.entry
    body(entry.dataType, entry.shape, UnsafeRawBufferPointer(rebasing: files[location.file].bytes[entry.range]))
  }

  /// The element types that this program computes with and that the files may have.
  private var types: [ElementType] {
    layout == .llamaCpp ? ElementType.allCases : ElementType.allCases.filter { !$0.isQuantized }
  }

  /// Refuses tensors that are neither `expected` nor ignored: a model that has more parts than are computed would
  /// answer wrongly without a word.
  public func checkAllUsed(expected: Set<String>) throws(ModelFileError) {
    let extra = names.filter { !expected.contains($0) && !isIgnored($0) }
    guard let first = extra.first, let location = locations[first] else { return }
    throw .unexpectedTensors(file: fileNames[location.file], tensors: extra)
  }

  /// Whether nothing here computes with the tensor called `name`: one of a multi-token-prediction head, or the rotary
  /// frequencies that old Llama files carry along.
  func isIgnored(_ name: String) -> Bool {
    switch layout {
    case .huggingFace: return name.hasPrefix("mtp.") || name.hasSuffix(".rotary_emb.inv_freq")
    case .llamaCpp:
      let parts = name.split(separator: ".")
      guard parts.count > 2, parts[0] == "blk", let block = Int(parts[1]) else { return false }
      return block >= layerCount || parts[2] == "nextn"
    }
  }

  // MARK: - Sizes

  /// The number of weight files.
  public var fileCount: Int { files.count }

  /// Bytes of all weight files.
  public var fileByteCount: Int { files.reduce(0) { $0 + $1.bytes.count } }

  /// When each weight file was last written to before it was opened, in nanoseconds since 1970.
  public var fileTimes: [Int] { files.map(\.modificationTime) }

  /// The description of every tensor, by name.
  var entries: [TensorEntry] { names.compactMap { locations[$0]?.entry } }
}
