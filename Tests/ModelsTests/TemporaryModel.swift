import Foundation
import JSON
import ModelFiles

/// A model folder that exists for one test.
final class TemporaryModel {
  let url: URL

  /// Writes `config.json` and the tensors as F32 in `model.safetensors`.
  init(configuration: JSONObject, tensors: [String: BlockFixture.Tensor]) throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("apus-models-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    var configuration = configuration
    configuration["model_type"] = "qwen3_next"
    try Data(JSON.object(configuration).serialized().utf8).write(to: url.appendingPathComponent("config.json"))
    var header = JSONObject()
    var data = Data()
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      let bytes = tensor.values.withUnsafeBytes { Data($0) }
      header[name] = [
        "dtype": "F32", "shape": .array(tensor.shape.map { .integer($0) }),
        "data_offsets": [.integer(data.count), .integer(data.count + bytes.count)],
      ]
      data += bytes
    }
    let text = Data(JSON.object(header).serialized().utf8)
    let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    try (length + text + data).write(to: url.appendingPathComponent("model.safetensors"))
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var folder: ModelPackage { get throws { try ModelPackage(path: url.path) } }
}
