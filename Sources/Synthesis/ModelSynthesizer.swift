internal import Foundation
internal import JSON
internal import ModelFiles
internal import Tensor

/// Makes a random model: right in every name, shape and format, meaningless in what it says.
///
/// The values keep activations, router and logits in the range of trained models'. A shape, mix and seed always give
/// the same bytes.
public struct ModelSynthesizer: Sendable {
  /// The model's sizes.
  public let shape: ModelShape
  /// The types of its tensors.
  public let mix: WeightMix
  /// Which of the possible models.
  public let seed: UInt64

  /// What was made.
  public struct Summary: Sendable, Hashable {
    /// Weights of all tensors.
    public let parameterCount: Int
    /// Bytes of their data.
    public let byteCount: Int
    /// Tensors.
    public let tensorCount: Int
  }

  /// Refuses sizes no model has.
  public init(shape: ModelShape, mix: WeightMix, seed: UInt64) throws(SynthesisError) {
    try shape.validate()
    self.shape = shape
    self.mix = mix
    self.seed = seed
  }

  /// Writes the model as a GGUF file. `progress` is called with the written and all bytes of tensors, by one thread at
  /// a time.
  @discardableResult
  public func writeGGUF(
    to path: String, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) throws(SynthesisError) -> Summary {
    let tensors = LlamaTensors(shape, mix).tensors
    let metadata = GGUFMetadataValues.list(shape, mix, SyntheticVocabulary(size: shape.vocabularySize))
    do {
      let writer = try GGUFWriter(path: path, metadata: metadata, tensors: tensors.map(\.description))
      try TensorFiller(tensors: tensors, seed: seed, writer: writer, progress: progress).run()
      try writer.finish()
    } catch {
      throw .file(error)
    }
    return summary(tensors)
  }

  /// Writes the model as a Hugging Face folder, which is created where it is missing: `config.json`,
  /// `model.safetensors`, the tokenizer's files and the chat template.
  @discardableResult
  public func writeFolder(
    to path: String, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) throws(SynthesisError) -> Summary {
    guard !mix.mainType.isQuantized else { throw .quantizedFolder(mix) }
    let vocabulary = SyntheticVocabulary(size: shape.vocabularySize)
    let tensors = HuggingFaceTensors(shape, mix.mainType).tensors
    do throws(ModelFileError) {
      try createFolder(path)
      let configuration = shape.configuration(type: mix.mainType, vocabulary: vocabulary)
      try write(configuration.serialized(.indented(2)), "config.json", in: path)
      try write(vocabulary.tokenizerJSON.serialized(), "tokenizer.json", in: path)
      try write(vocabulary.tokenizerConfiguration.serialized(.indented(2)), "tokenizer_config.json", in: path)
      try write(vocabulary.generationConfiguration.serialized(.indented(2)), "generation_config.json", in: path)
      let writer = try SafetensorsWriter(path: "\(path)/model.safetensors", tensors: tensors.map(\.description))
      try TensorFiller(tensors: tensors, seed: seed, writer: writer, progress: progress).run()
      try writer.finish()
    } catch {
      throw .file(error)
    }
    return summary(tensors)
  }

  private func createFolder(_ path: String) throws(ModelFileError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(path: path, reason: error.localizedDescription)
    }
  }

  private func write(_ text: String, _ name: String, in folder: String) throws(ModelFileError) {
    let path = "\(folder)/\(name)"
    do {
      try Data((text + "\n").utf8).write(to: URL(filePath: path))
    } catch {
      throw .unwritable(path: path, reason: error.localizedDescription)
    }
  }

  private func summary(_ tensors: [PlannedTensor]) -> Summary {
    Summary(
      parameterCount: tensors.reduce(0) { $0 + $1.description.elementCount },
      byteCount: tensors.reduce(0) { $0 + $1.description.byteCount }, tensorCount: tensors.count)
  }
}
