import Foundation
import JSON

/// A folder that is removed with the object.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    try Data(bytes).write(to: URL(filePath: file))
    return file
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  @discardableResult
  func write(_ name: String, _ json: JSON) throws -> String { try write(name, json.serialized()) }
}

/// Assembles safetensors files, right or wrong.
enum Safetensors {
  /// Length, header and data, with the length as stated or as it is.
  static func file(header: String, data: [UInt8] = [], statedLength: UInt64? = nil) -> [UInt8] {
    let length = statedLength ?? UInt64(header.utf8.count)
    return withUnsafeBytes(of: length.littleEndian, Array.init) + Array(header.utf8) + data
  }

  /// A file of F32 tensors in the given order.
  static func file(_ tensors: [(name: String, shape: [Int], values: [Float])]) -> [UInt8] {
    var header = JSONObject()
    var data: [UInt8] = []
    for tensor in tensors {
      let start = data.count
      for value in tensor.values { data += withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) }
      header[tensor.name] = [
        "dtype": "F32", "shape": .array(tensor.shape.map { .integer($0) }),
        "data_offsets": [.integer(start), .integer(data.count)],
      ]
    }
    return file(header: JSON.object(header).serialized(), data: data)
  }
}

/// The folders under the tests' sources that hold reference models and blocks.
enum Fixtures {
  private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  static let models = tests.appending(path: "EngineTests/Fixtures").path
  static let blocks = tests.appending(path: "ModelsTests/Fixtures").path

  static let modelNames = [
    "bf16-awkward-sizes", "bf16-dense-layers", "bf16-eps-conv-layers", "bf16-interval2-r4", "bf16-sharded",
    "bf16-tied", "bf16-yarn-old-keys", "f16-equal-heads", "f32-interval4", "f32-yarn", "mixed-eight-layers",
  ]

  static func json(_ path: String) throws -> JSON {
    try JSON(parsing: Array(try Data(contentsOf: URL(filePath: path))))
  }
}
