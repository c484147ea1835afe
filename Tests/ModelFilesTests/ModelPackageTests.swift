import JSON
import ModelFiles
import Testing

@Suite struct ModelPackageTests {
  private func makeFolder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write("config.json", ["model_type": "qwen3_next", "eos_token_id": 5])
    try folder.write("model.safetensors", Safetensors.file([("w", [1], [1])]))
    return folder
  }

  private func message(_ body: () throws -> Void) -> String? {
    (#expect(throws: ModelFileError.self) { try body() })?.description
  }

  @Test func configurationAndWeightsAreEnough() throws {
    let folder = try makeFolder()
    let model = try ModelPackage(path: folder.path)
    #expect(model.path == folder.path)
    #expect(model.chatTemplate == nil)
    #expect(model.specialTokens == SpecialTokens())
    #expect(!model.hasTokenizer)
    #expect(model.generation.eosTokenIDs == [5])
    #expect(model.generation.temperature == nil)
    #expect(message { _ = try model.tokenizerSource() } == "\(folder.path)/tokenizer.json: no such file")
  }

  @Test func missingFoldersAndFilesAreNamed() throws {
    let folder = try TemporaryFolder()
    #expect(message { _ = try ModelPackage(path: folder.path) } == "\(folder.path)/config.json: no such file")
    #expect(message { _ = try ModelPackage(path: "/nowhere") } == "/nowhere/config.json: no such file")
  }

  // MARK: - Generation

  @Test func generationConfigurationIsRead() throws {
    let folder = try makeFolder()
    try folder.write(
      "generation_config.json",
      [
        "do_sample": true, "temperature": 0.7, "top_p": 0.8, "top_k": 20, "min_p": 0.05, "repetition_penalty": 1.05,
        "eos_token_id": [8, 9], "transformers_version": "4.57.0",
      ])
    let generation = try ModelPackage(path: folder.path).generation
    #expect(generation.doSample == true)
    #expect(generation.temperature == 0.7)
    #expect(generation.topP == 0.8)
    #expect(generation.topK == 20)
    #expect(generation.minP == 0.05)
    #expect(generation.repetitionPenalty == 1.05)
    #expect(generation.eosTokenIDs == [8, 9])
  }

  @Test func endTokensFallBackToTheTokenizers() throws {
    let folder = try makeFolder()
    try folder.write("config.json", ["model_type": "qwen3_next"])
    try folder.write(
      "tokenizer_config.json",
      ["eos_token": "<end>", "added_tokens_decoder": ["3": ["content": "<x>"], "4": ["content": "<end>"]]])
    #expect(try ModelPackage(path: folder.path).generation.eosTokenIDs == [4])
    try folder.write("generation_config.json", ["eos_token_id": 11])
    #expect(try ModelPackage(path: folder.path).generation.eosTokenIDs == [11])
  }

  @Test func badGenerationValuesNameTheirKey() throws {
    let folder = try makeFolder()
    try folder.write("generation_config.json", ["top_p": 1.5])
    #expect(
      message { _ = try ModelPackage(path: folder.path) }
        == "generation_config.json: top_p: expected a number from 0.0 to 1.0, found 1.5")
  }

  // MARK: - Tokenizer and template

  @Test func specialTokensAreStringsOrObjects() throws {
    let folder = try makeFolder()
    try folder.write(
      "tokenizer_config.json",
      ["bos_token": nil, "eos_token": ["content": "<e>", "lstrip": false], "pad_token": "<p>"])
    let tokens = try ModelPackage(path: folder.path).specialTokens
    #expect(tokens.bos == nil && tokens.eos == "<e>" && tokens.pad == "<p>" && tokens.unknown == nil)
    try folder.write("tokenizer_config.json", ["eos_token": 7])
    #expect(
      message { _ = try ModelPackage(path: folder.path) }
        == "tokenizer_config.json: eos_token: expected a string or an object with a string as content, found 7")
  }

  @Test func chatTemplatesByRank() throws {
    let folder = try makeFolder()
    try folder.write("tokenizer_config.json", ["chat_template": "third"])
    #expect(try ModelPackage(path: folder.path).chatTemplate == "third")
    try folder.write(
      "tokenizer_config.json",
      [
        "chat_template": [
          ["name": "tool_use", "template": "other"], ["name": "default", "template": "named"],
        ]
      ])
    #expect(try ModelPackage(path: folder.path).chatTemplate == "named")
    try folder.write("chat_template.json", ["chat_template": "second"])
    #expect(try ModelPackage(path: folder.path).chatTemplate == "second")
    try folder.write("chat_template.jinja", "first \u{1F426}\n")
    #expect(try ModelPackage(path: folder.path).chatTemplate == "first \u{1F426}\n")
    try folder.write("chat_template.jinja", [0x66, 0xFF])
    #expect(
      message { _ = try ModelPackage(path: folder.path) }
        == "chat_template.jinja: expected UTF-8 text, found other bytes")
  }

  @Test func malformedTemplateListsAreNamed() throws {
    let folder = try makeFolder()
    try folder.write("tokenizer_config.json", ["chat_template": [["name": "default"]]])
    #expect(
      message { _ = try ModelPackage(path: folder.path) }
        == "tokenizer_config.json: chat_template[0]: expected an object with the strings name and template, "
        + "found an object of 1 members")
  }

  // MARK: - Reference models

  @Test(arguments: Fixtures.modelNames) func referenceModelsAgreeWithTransformers(_ name: String) throws {
    let folder = try ModelPackage(path: "\(Fixtures.models)/\(name)")
    let expected = try Fixtures.json("\(Fixtures.models)/\(name)/expected.json")
    let summary = ModelSummary(of: folder)
    #expect(summary.parameters.total == expected["parameterCount"]?.intValue)
    #expect(summary.shares.reduce(0) { $0 + $1.elementCount } == summary.parameters.total)
    #expect(summary.configuration.contextLength == expected["contextLength"]?.intValue)
    #expect(folder.generation.eosTokenIDs.count == 2)
    #expect(folder.hasTokenizer == (name == "bf16-tied"))
    #expect((folder.chatTemplate != nil) == (name == "bf16-tied"))
    #expect((summary.ignored != nil) == (name == "bf16-sharded"))
  }
}
