import Foundation
import JSON

/// The folders under the tests' sources that hold reference models and blocks.
enum Fixtures {
  private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  static let models = tests.appending(path: "EngineTests/Fixtures").path
  static let gguf = tests.appending(path: "ModelFilesTests/Fixtures/gguf").path
  static let blocks = tests.appending(path: "ModelsTests/Fixtures").path

  static let modelNames = [
    "bf16-awkward-sizes", "bf16-dense-layers", "bf16-eps-conv-layers", "bf16-interval2-r4", "bf16-sharded",
    "bf16-tied", "bf16-yarn-old-keys", "f16-equal-heads", "f32-interval4", "f32-yarn", "mixed-eight-layers",
  ]

  static func json(_ path: String) throws -> JSON {
    try JSON(parsing: Array(try Data(contentsOf: URL(filePath: path))))
  }
}
