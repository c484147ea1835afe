internal import JSON

/// `model.safetensors.index.json`: which file holds which tensor.
struct ShardIndex: Sendable {
  /// The index's own name, for errors.
  let file: String
  /// The shard of each tensor.
  let shardOfTensor: [String: String]
  /// All shards, sorted.
  let shards: [String]

  /// More shards than any model has; each costs a mapping.
  static let maximumShardCount = 4096

  /// Reads the contents of an index.
  init(parsing text: [UInt8], file: String) throws(ModelFileError) {
    let map = try ConfigurationReader(parsing: text, file: file).object("weight_map")
    var shardOfTensor: [String: String] = [:]
    for (tensor, value) in map.members {
      guard case .string(let shard) = value, Self.isPlainFileName(shard) else {
        throw .invalidValue(
          file: file, key: "weight_map.\(tensor)", expected: "the name of a file in the same folder",
          found: value.excerpt)
      }
      guard shardOfTensor.updateValue(shard, forKey: tensor) == nil else {
        throw .invalidValue(file: file, key: "weight_map.\(tensor)", expected: "one entry", found: "a second one")
      }
    }
    let shards = Set(shardOfTensor.values).sorted()
    guard 1...Self.maximumShardCount ~= shards.count else {
      throw .invalidValue(
        file: file, key: "weight_map", expected: "1 to \(Self.maximumShardCount) shards", found: "\(shards.count)")
    }
    self.file = file
    self.shardOfTensor = shardOfTensor
    self.shards = shards
  }

  /// Whether `name` stays in its folder: an index must not make this program open any other file.
  private static func isPlainFileName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".."
      && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 < 0x20 }
  }
}
