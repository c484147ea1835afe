internal import JSON

/// Tokens with a role, by their text, as chat templates refer to them.
public struct SpecialTokens: Sendable, Hashable {
  /// Begins a text.
  public var bos: String?
  /// Ends a text or a reply.
  public var eos: String?
  /// Fills up a batch.
  public var pad: String?
  /// Stands for what the vocabulary lacks.
  public var unknown: String?

  /// No tokens.
  public init() {}
}

/// The parts of `tokenizer_config.json` that a server needs.
struct TokenizerConfiguration {
  var specialTokens = SpecialTokens()
  /// The chat template, or the one called "default" among several.
  var chatTemplate: String?
  /// The id of `specialTokens.eos` where the file lists its added tokens.
  var eosTokenID: Int32?

  init() {}

  init(parsing text: some Collection<UInt8>, file: String) throws(ModelFileError) {
    let reader = try ConfigurationReader(parsing: text, file: file)
    specialTokens.bos = try Self.token("bos_token", reader)
    specialTokens.eos = try Self.token("eos_token", reader)
    specialTokens.pad = try Self.token("pad_token", reader)
    specialTokens.unknown = try Self.token("unk_token", reader)
    chatTemplate = try Self.chatTemplate(reader)
    eosTokenID = specialTokens.eos.flatMap { Self.id(of: $0, reader) }
  }

  /// The template under `chat_template`: a string, or the one called "default" in a list of named ones.
  static func chatTemplate(_ reader: ConfigurationReader) throws(ModelFileError) -> String? {
    let key = "chat_template"
    switch reader.value(key) {
    case nil: return nil
    case .string(let template): return template
    case .array(let named):
      for (index, element) in named.enumerated() {
        guard let name = element["name"]?.stringValue, let template = element["template"]?.stringValue else {
          throw reader.invalid(
            "\(key)[\(index)]", expected: "an object with the strings name and template", found: element.excerpt)
        }
        if name == "default" { return template }
      }
      return nil
    default: throw reader.invalid(key, expected: "a string or an array of named templates")
    }
  }

  /// A token is written as a string, or as an object with its text under `content`.
  private static func token(_ key: String, _ reader: ConfigurationReader) throws(ModelFileError) -> String? {
    guard let value = reader.value(key) else { return nil }
    guard let text = value.stringValue ?? value["content"]?.stringValue else {
      throw reader.invalid(key, expected: "a string or an object with a string as content")
    }
    return text
  }

  private static func id(of token: String, _ reader: ConfigurationReader) -> Int32? {
    guard case .object(let added) = reader.value("added_tokens_decoder") else { return nil }
    for (id, description) in added where description["content"] == .string(token) { return Int32(id) }
    return nil
  }
}
