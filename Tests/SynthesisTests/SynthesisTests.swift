import Foundation
import ModelFiles
import Models
import Synthesis
import Testing
import Tokenizer

/// Whole models. The Python tests read the same files with the `gguf` package.
@Suite struct SynthesisTests {
  static func tiny(_ architecture: Architecture) -> ModelShape {
    var shape = ModelShape(architecture)
    (shape.layerCount, shape.hiddenSize, shape.vocabularySize, shape.intermediateSize) = (4, 256, 320, 512)
    (shape.headCount, shape.keyValueHeadCount, shape.headSize) = (4, 2, 64)
    if shape.expertCount > 0 { (shape.expertCount, shape.expertsPerToken, shape.expertSize) = (6, 2, 256) }
    if architecture == .qwen3Next {
      shape.sharedExpertSize = 256
      (shape.linearKeyHeadCount, shape.linearValueHeadCount, shape.linearHeadSize) = (2, 4, 32)
    }
    return shape
  }

  @Test func oneSeedMakesOneFile() throws {
    let files = (0..<3).map { _ in TemporaryPath(".gguf") }
    for (file, seed) in zip(files, [1, 1, 2] as [UInt64]) {
      let synthesizer = try ModelSynthesizer(shape: Self.tiny(.qwen3Next), mix: .q4KM, seed: seed)
      try synthesizer.writeGGUF(to: file.path)
    }
    #expect(try files[0].contents() == files[1].contents())
    #expect(try files[0].contents() != files[2].contents())
    #expect(try files[0].contents().count == files[2].contents().count)
  }

  @Test(arguments: Architecture.allCases) func foldersReadAsTheyWereMeant(architecture: Architecture) throws {
    let folder = TemporaryPath()
    let shape = Self.tiny(architecture)
    let made = try ModelSynthesizer(shape: shape, mix: .bf16, seed: 3).writeFolder(to: folder.path)
    let model = try ModelConfiguration(parsing: folder.contents("config.json"))
    #expect(model.architecture == architecture)
    #expect(model.layerCount == 4 && model.hiddenSize == 256 && model.vocabularySize == 320)
    #expect(model.layerKinds.count { $0 == .linearAttention } == (architecture == .qwen3Next ? 3 : 0))
    #expect(model.experts.count == shape.expertCount)
    #expect(made.parameterCount == ParameterCount(of: model).total)
    #expect(made.byteCount == 2 * made.parameterCount)
    let weights = try folder.contents("model.safetensors")
    let header = try weights.withUnsafeBytes { try SafetensorsHeader(parsing: $0, file: "model.safetensors") }
    #expect(header.entries.count == made.tensorCount)

    let tokenizer = try Tokenizer(tokenizerJSON: folder.contents("tokenizer.json"))
    let text = "<|im_start|>the naïve\n\n\u{0}<think>日本"
    #expect(tokenizer.decode(tokenizer.encode(text), skippingSpecialTokens: false) == text)
    #expect(tokenizer.encode("<|im_end|>") == [315])
    #expect(model.eosTokenIDs == [315])
  }

  /// The reader and the models find every name, shape and type they ask for, and nothing else.
  @Test(arguments: Architecture.allCases, WeightMix.allCases)
  func ggufFilesLoad(architecture: Architecture, mix: WeightMix) throws {
    let file = TemporaryPath(".gguf")
    let made = try ModelSynthesizer(shape: Self.tiny(architecture), mix: mix, seed: 3).writeGGUF(to: file.path)
    let package = try ModelPackage(path: file.path)
    #expect(package.configuration.architecture == architecture)
    #expect(package.generation.eosTokenIDs.contains(315))
    #expect(package.chatTemplate != nil)
    #expect(made.parameterCount == ParameterCount(of: package.configuration).total)
    #expect(package.weights.descriptions.reduce(0) { $0 + $1.byteCount } == made.byteCount)
    #expect(try loadModel(package).configuration.layerCount == 4)
  }

  /// The head is found where it is asked for, and is no part of the model where it is not.
  @Test(arguments: ["", ".gguf"]) func draftHeadsLoad(suffix: String) throws {
    let path = TemporaryPath(suffix)
    var shape = Self.tiny(.qwen3Next)
    shape.hasDraftHead = true
    let synthesizer = try ModelSynthesizer(shape: shape, mix: suffix.isEmpty ? .bf16 : .q40, seed: 3)
    _ = suffix.isEmpty ? try synthesizer.writeFolder(to: path.path) : try synthesizer.writeGGUF(to: path.path)
    let package = try ModelPackage(path: path.path)
    #expect(package.offersDraftHead && package.configuration.layerCount == 4)
    #expect(try loadModel(package, drafting: true).configuration.hasDraftHead)
    #expect(try !loadModel(package).configuration.hasDraftHead)

    var dense = Self.tiny(.llama)
    dense.hasDraftHead = true
    #expect(throws: SynthesisError.draftHead(.llama)) { try ModelSynthesizer(shape: dense, mix: .q40, seed: 0) }
  }

  @Test func sizesAndNamesAreChecked() throws {
    func message(_ change: (inout ModelShape) -> Void) -> String? {
      var shape = Self.tiny(.qwen3Next)
      change(&shape)
      return (#expect(throws: SynthesisError.self) { try ModelSynthesizer(shape: shape, mix: .q40, seed: 0) })?
        .description
    }
    #expect(message { $0.keyValueHeadCount = 3 } == "heads: expected a multiple of 3 (kv-heads), found 4")
    #expect(message { $0.expertsPerToken = 7 } == "experts-per-token: expected 1 to 6, found 7")
    #expect(message { $0.vocabularySize = 100 } == "vocabulary: expected 281 to 16777216, found 100")
    let quantized = try ModelSynthesizer(shape: Self.tiny(.llama), mix: .q40, seed: 0)
    #expect(throws: SynthesisError.quantizedFolder(.q40)) { try quantized.writeFolder(to: "/nowhere") }
    let failure = ModelFileError.unwritable(path: "/nowhere/m.gguf", reason: "No such file or directory")
    #expect(throws: SynthesisError.file(failure)) { try quantized.writeGGUF(to: "/nowhere/m.gguf") }
  }
}
