import Foundation
@testable import ModelFiles
import Synthesis
import Tensor

/// A random GGUF model that exists for one test.
final class SyntheticModel {
  let path: String
  let configuration: ModelConfiguration

  /// A model of two layers, at most 256 elements a row, and four experts where there are any.
  init(_ architecture: Architecture, _ mix: WeightMix, expertsPerToken: Int = 2) throws {
    var shape = ModelShape(architecture)
    (shape.layerCount, shape.hiddenSize, shape.vocabularySize, shape.intermediateSize) = (2, 256, 288, 256)
    (shape.headCount, shape.keyValueHeadCount, shape.headSize) = (4, 2, 64)
    if shape.expertCount > 0 {
      (shape.expertCount, shape.expertsPerToken, shape.expertSize) = (4, expertsPerToken, 256)
    }
    if architecture == .qwen3Next {
      (shape.sharedExpertSize, shape.fullAttentionInterval) = (256, 2)
      (shape.linearKeyHeadCount, shape.linearValueHeadCount, shape.linearHeadSize) = (2, 4, 64)
    }
    path = Self.temporaryPath()
    try ModelSynthesizer(shape: shape, mix: mix, seed: 11).writeGGUF(to: path)
    configuration = try ModelPackage(path: path).configuration
  }

  /// `source` with its tensors changed, left out where `change` is nil, and more added.
  init(
    _ source: SyntheticModel, adding more: [TensorView] = [], _ change: (TensorView) -> TensorView?
  ) throws {
    path = Self.temporaryPath()
    configuration = source.configuration
    let file = try GGUFFile(path: source.path)
    let store = try TensorStore(file, layerCount: configuration.layerCount)
    let tensors = try file.entries.map { try store.tensor($0.name, shape: $0.shape) }.compactMap(change) + more
    let writer = try GGUFWriter(
      path: path, metadata: file.metadata.values.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) },
      tensors: tensors.map { OutputTensor(name: $0.name, shape: $0.shape, type: $0.type) })
    for (index, tensor) in tensors.enumerated() { try writer.write(tensor.bytes, tensor: index, offset: 0) }
    try writer.finish()
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var package: ModelPackage { get throws { try ModelPackage(path: path) } }

  /// The names of all tensors.
  var tensorNames: [String] { get throws { try package.weights.names } }

  private static func temporaryPath() -> String {
    FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString).gguf").path
  }
}

extension TensorView {
  /// The same numbers as F32.
  var dequantized: TensorView { TensorView(name: name, shape: shape, floats: floats()) }
}
