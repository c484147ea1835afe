internal import Foundation

/// Where a model's tokenizer comes from.
public enum TokenizerSource: Sendable {
  /// The contents of a Hugging Face `tokenizer.json`.
  case json([UInt8])
  /// The metadata of a GGUF file.
  case gguf(TokenizerMetadata)

  /// Finds the tokenizer at `path` without looking at weights: a `tokenizer.json`, a folder with one, a GGUF file or a
  /// folder with exactly one.
  public init(path: String) throws(ModelFileError) {
    if path.hasSuffix(".json") {
      self = .json(try FolderFiles.read(at: path))
    } else if !FolderFiles.exists("tokenizer.json", in: path), let file = try ModelPackage.file(at: path) {
      let metadata = try GGUFFile(path: file).metadata
      guard let tokenizer = try TokenizerMetadata(metadata) else { throw .missingTokenizer(file: file) }
      self = .gguf(tokenizer)
    } else {
      self = .json(try FolderFiles.read("tokenizer.json", in: path))
    }
  }
}

/// A model with all that belongs to it: a folder as Hugging Face lays it out, or a GGUF file.
public struct ModelPackage: Sendable {
  /// Where the folder or the file is.
  public let path: String
  /// `config.json`, or what the GGUF file says of the same.
  public let configuration: ModelConfiguration
  /// `generation_config.json`. End tokens that it does not name come from `config.json`, or else from the tokenizer; in
  /// a GGUF file always from the tokenizer.
  public let generation: GenerationConfiguration
  /// `model.safetensors` or its shards, or the GGUF file and those that belong to it.
  public let weights: TensorStore
  /// The Jinja source of `chat_template.jinja`, or else of `chat_template.json`, or else of `tokenizer_config.json`; or
  /// the one in the GGUF file.
  public let chatTemplate: String?
  /// The texts of tokens with a role, from `tokenizer_config.json` or the GGUF file.
  public let specialTokens: SpecialTokens
  /// The token to put before a conversation that does not begin with it already, where a GGUF file asks for that.
  public let beginToken: Int32?
  private let tokenizerMetadata: TokenizerMetadata?

  /// Opens the model at `path` and checks everything but the tensors the architecture asks for.
  ///
  /// - Parameter path: a folder in Hugging Face format, a GGUF file (of a split model the first one), or a folder with
  ///   exactly one GGUF model and no file of the other kind.
  public init(path: String) throws(ModelFileError) {
    if let file = try Self.file(at: path) {
      try self.init(file: file)
    } else {
      try self.init(folder: path)
    }
  }

  /// Where the tokenizer's definition is found.
  ///
  /// - Throws: `ModelFileError.unreadable` where a folder has no `tokenizer.json`, `.missingTokenizer` where a GGUF
  ///   file has no tokenizer.
  public func tokenizerSource() throws(ModelFileError) -> TokenizerSource {
    if let tokenizerMetadata { return .gguf(tokenizerMetadata) }
    guard weights.layout == .huggingFace else { throw .missingTokenizer(file: path) }
    return .json(try FolderFiles.read("tokenizer.json", in: path))
  }

  /// Whether the weights have a whole multi-token-prediction head: one block more, by the name of its query matrix.
  public var offersDraftHead: Bool {
    guard configuration.architecture == .qwen3Next else { return false }
    switch weights.layout {
    case .huggingFace: return weights.contains("mtp.layers.0.self_attn.q_proj.weight")
    case .llamaCpp: return weights.contains("blk.\(configuration.layerCount).attn_q.weight")
    }
  }

  /// Whether there is a tokenizer; without one, a model can only be used by token ids.
  public var hasTokenizer: Bool { tokenizerMetadata != nil || FolderFiles.exists("tokenizer.json", in: path) }

  /// The GGUF file that `path` means; nil for a folder in Hugging Face format.
  static func file(at path: String) throws(ModelFileError) -> String? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      return path.hasSuffix(".gguf") || FileManager.default.fileExists(atPath: path) ? path : nil
    }
    if TensorStore.hasSafetensors(in: path) { return nil }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { name in
      name.hasSuffix(".gguf") && SplitName(name)?.number ?? 1 == 1
    }
    guard let name = names.first else { return nil }
    guard names.count == 1 else {
      throw .ambiguousFolder(folder: path, files: names.sorted())
    }
    return FolderFiles.path(name, in: path)
  }
}

// MARK: - GGUF

extension ModelPackage {
  private init(file: String) throws(ModelFileError) {
    let model = try GGUFFile(path: file)
    path = file
    configuration = try ModelConfiguration(model)
    weights = try TensorStore(model, layerCount: configuration.layerCount)
    let tokenizer = try TokenizerMetadata(model.metadata)
    tokenizerMetadata = tokenizer
    specialTokens = try tokenizer?.specialTokens(model.metadata) ?? SpecialTokens()
    chatTemplate = try model.metadata.string("tokenizer.chat_template")
    beginToken = tokenizer?.addsBegin == true ? configuration.bosTokenID : nil
    var generation = GenerationConfiguration()
    generation.eosTokenIDs = configuration.eosTokenIDs
    for id in tokenizer?.conventionalEndTokens ?? [] where !generation.eosTokenIDs.contains(id) {
      generation.eosTokenIDs.append(id)
    }
    self.generation = generation
  }
}

// MARK: - Hugging Face

extension ModelPackage {
  private init(folder path: String) throws(ModelFileError) {
    self.path = path
    configuration = try ModelConfiguration(parsing: FolderFiles.read("config.json", in: path))
    weights = try TensorStore(folder: path)
    tokenizerMetadata = nil
    beginToken = nil

    let tokenizer = try Self.tokenizerConfiguration(in: path)
    specialTokens = tokenizer.specialTokens
    chatTemplate = try Self.separateChatTemplate(in: path) ?? tokenizer.chatTemplate

    var generation = GenerationConfiguration()
    if FolderFiles.exists("generation_config.json", in: path) {
      generation = try GenerationConfiguration(parsing: FolderFiles.read("generation_config.json", in: path))
    }
    if generation.eosTokenIDs.isEmpty { generation.eosTokenIDs = configuration.eosTokenIDs }
    if generation.eosTokenIDs.isEmpty, let id = tokenizer.eosTokenID { generation.eosTokenIDs = [id] }
    self.generation = generation
  }

  private static func tokenizerConfiguration(in path: String) throws(ModelFileError) -> TokenizerConfiguration {
    let name = "tokenizer_config.json"
    guard FolderFiles.exists(name, in: path) else { return TokenizerConfiguration() }
    return try TokenizerConfiguration(parsing: FolderFiles.read(name, in: path), file: name)
  }

  private static func separateChatTemplate(in path: String) throws(ModelFileError) -> String? {
    if FolderFiles.exists("chat_template.jinja", in: path) {
      return try FolderFiles.readText("chat_template.jinja", in: path)
    }
    let name = "chat_template.json"
    guard FolderFiles.exists(name, in: path) else { return nil }
    let reader = try ConfigurationReader(parsing: FolderFiles.read(name, in: path), file: name)
    return try TokenizerConfiguration.chatTemplate(reader)
  }
}
