/// A model as Hugging Face lays it out: a folder with configuration, weights, tokenizer and chat template.
public struct ModelFolder: Sendable {
  /// Where the folder is.
  public let path: String
  /// `config.json`.
  public let configuration: ModelConfiguration
  /// `generation_config.json`. End tokens that it does not name come from `config.json`, or else from the tokenizer.
  public let generation: GenerationConfiguration
  /// `model.safetensors` or its shards.
  public let weights: TensorStore
  /// The Jinja source of `chat_template.jinja`, or else of `chat_template.json`, or else of `tokenizer_config.json`.
  public let chatTemplate: String?
  /// The texts of tokens with a role, from `tokenizer_config.json`.
  public let specialTokens: SpecialTokens

  /// Opens the model in the folder at `path` and checks everything but the tensors the architecture asks for.
  public init(path: String) throws(ModelFileError) {
    self.path = path
    configuration = try ModelConfiguration(parsing: FolderFiles.read("config.json", in: path))
    weights = try TensorStore(folder: path)

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

  /// The contents of `tokenizer.json`.
  public func tokenizerJSON() throws(ModelFileError) -> [UInt8] {
    try FolderFiles.read("tokenizer.json", in: path)
  }

  /// Whether there is a `tokenizer.json`; without one, a model can only be used by token ids.
  public var hasTokenizer: Bool { FolderFiles.exists("tokenizer.json", in: path) }

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
