import ChatTemplate
import Foundation
import Kernels
public import ModelFiles
public import Models
import Tokenizer

/// A model, opened and checked: weights ready to compute with, and the text side.
public struct LoadedModel: Sendable {
  /// What loading does, in order.
  public enum Stage: String, Sendable {
    /// Reads the configuration and the headers of the weight files.
    case files
    /// Reads the tokenizer.
    case tokenizer
    /// Compiles the chat template.
    case template
    /// Checks and prepares every tensor.
    case weights
  }

  /// Configuration and files.
  public let folder: ModelPackage
  /// Tokenizer, template, modes.
  public let format: ChatFormat
  /// What it is to serve.
  public let configuration: ServingConfiguration
  /// How memory is divided.
  public let plan: MemoryPlan
  /// The weights.
  public let model: LanguageModel

  /// Loads a model, and plans the memory for serving it.
  ///
  /// - Parameters:
  ///   - path: a folder in Hugging Face format, or a GGUF file.
  ///   - configuration: what it is to serve.
  ///   - chatTemplatePath: a Jinja file that replaces the model's own chat template.
  ///   - conversation: what differs from the model's files.
  ///   - progress: hears what is done next.
  public init(
    path: String, configuration: ServingConfiguration = ServingConfiguration(), chatTemplatePath: String? = nil,
    conversation: ConversationSettings = ConversationSettings(),
    progress: (Stage) -> Void = { _ in }
  ) throws(ServingError) {
    self.configuration = configuration
    progress(.files)
    let source: TokenizerSource
    do {
      folder = try ModelPackage(path: path)
      source = try folder.tokenizerSource()
    } catch {
      throw .modelFiles(error)
    }
    progress(.tokenizer)
    let tokenizer = try Tokenizer(source, path: path)
    guard tokenizer.vocabularySize <= folder.configuration.vocabularySize else {
      throw .invalidSetting(
        name: "\(path): tokenizer",
        expected: "at most the \(folder.configuration.vocabularySize) tokens of the model",
        found: "\(tokenizer.vocabularySize)")
    }
    progress(.template)
    format = try ChatFormat(
      tokenizer: tokenizer, template: try Self.template(of: folder, overriddenBy: chatTemplatePath),
      specialTokens: folder.specialTokens, generation: folder.generation, beginToken: folder.beginToken,
      settings: conversation)
    progress(.weights)
    plan = try MemoryPlan(for: folder, configuration)
    do {
      model = try loadModel(
        folder, weights: plan.weights, for: Kernels(configuration.instructionSet),
        drafting: configuration.drafting.source == .mtp)
    } catch {
      throw .model(error)
    }
  }

  /// Loads the model that comes with the program.
  public static func embedded(
    configuration: ServingConfiguration = ServingConfiguration(), chatTemplatePath: String? = nil,
    conversation: ConversationSettings = ConversationSettings(), progress: (Stage) -> Void = { _ in }
  ) throws(ServingError) -> LoadedModel {
    try LoadedModel(
      path: EmbeddedModel.folder(), configuration: configuration, chatTemplatePath: chatTemplatePath,
      conversation: conversation, progress: progress)
  }

  /// The chat template of a model, or the one in the file at `path` that replaces it.
  static func template(
    of folder: ModelPackage, overriddenBy path: String?
  ) throws(ServingError) -> ChatTemplate {
    let source: String
    if let path {
      do {
        source = try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
      } catch {
        throw .unreadableChatTemplate(path: path, reason: error.localizedDescription)
      }
    } else if let own = folder.chatTemplate {
      source = own
    } else {
      throw .noChatTemplate(path: folder.path)
    }
    do {
      return try ChatTemplate(source: source)
    } catch {
      throw .template(path: path, error)
    }
  }
}
