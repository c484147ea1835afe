import Engine
import Foundation
import ModelFiles
public import Logging

/// Where a model's files are, and how it is to be served.
public struct ModelSource: Sendable {
  /// A folder in Hugging Face format, or a GGUF file; nil is the embedded model.
  public var path: String?
  /// A second checkpoint, for thinking mode; nil where the first one does that, too.
  public var thinkingPath: String?
  /// A Jinja file that replaces the model's own chat template.
  public var chatTemplatePath: String?
  /// What it is to serve.
  public var configuration: ServingConfiguration
  /// What differs from the model's files.
  public var conversation: ConversationSettings

  /// A source with one checkpoint.
  public init(
    path: String?, configuration: ServingConfiguration, conversation: ConversationSettings = ConversationSettings()
  ) {
    self.path = path
    self.configuration = configuration
    self.conversation = conversation
  }

  /// The name of a model that nobody gave one: the file's or folder's.
  public static func name(of path: String?) -> String {
    guard let path else { return EmbeddedModel.name }
    let url = URL(fileURLWithPath: path).standardizedFileURL
    return (url.pathExtension == "gguf" ? url.deletingPathExtension() : url).lastPathComponent
  }

  /// Bytes of each checkpoint's weights.
  public func weightBytes() throws(ServingError) -> [Int] {
    try packages().map(\.weights.fileByteCount)
  }

  /// What is known of the model before it is loaded.
  public func outline() throws(ServingError) -> ModelOutline {
    let packages = try packages()
    var modes = ModelModes(try LoadedModel.template(of: packages[0], overriddenBy: chatTemplatePath))
    var memory = ModelMemory()
    var contextLength = Int.max
    for package in packages {
      let plan = try MemoryPlan(for: package, configuration)
      memory.add(plan)
      contextLength = min(contextLength, plan.contextLength)
    }
    if packages.count > 1 {
      modes = try ModelModes(
        instruct: modes, thinking: ModelModes(LoadedModel.template(of: packages[1], overriddenBy: nil)))
    }
    return ModelOutline(modes: modes, contextLength: contextLength, memory: memory)
  }

  /// What tells its checkpoints apart behind its name, each with nothing known of it.
  public var parts: [PooledModel.Part] {
    let suffixes = thinkingPath == nil ? [""] : ["", ":\(Mode.thinking.rawValue)"]
    return suffixes.map { PooledModel.Part(suffix: $0, record: ServiceRecord(configuration.caching)) }
  }

  /// Loads the model, and starts its services.
  /// - Parameters:
  ///   - parts: what is known of each checkpoint.
  ///   - mostBytes: what it may take, whatever has become of its files.
  ///   - yields: whether others use the machine, and go first.
  public func load(
    _ parts: [PooledModel.Part], mostBytes: Int, yields: Bool, logger: Logger,
    progress: @escaping @Sendable (LoadedModel.Stage) -> Void
  ) throws(ServingError) -> Checkpoints {
    var bounded = configuration
    bounded.mostBytes = mostBytes
    let own = try model(at: ownPath(), chatTemplatePath, bounded, yields, progress)
    let service = try ChatService(model: own, record: parts[0].record, logger: logger)
    guard let thinkingPath else { return Checkpoints(service) }
    var other = configuration
    other.mostBytes = mostBytes - own.plan.weightBytes - own.plan.need.total
    other.caching.folder = configuration.caching.folder.map { "\($0).\(Mode.thinking.rawValue)" }
    let thinking = try ChatService(
      model: model(at: thinkingPath, nil, other, yields, progress), record: parts[1].record, logger: logger)
    return try Checkpoints(instruct: service, thinking: thinking)
  }

  private func model(
    at path: String, _ chatTemplatePath: String?, _ configuration: ServingConfiguration, _ yields: Bool,
    _ progress: @escaping @Sendable (LoadedModel.Stage) -> Void
  ) throws(ServingError) -> LoadedModel {
    let load = { @Sendable [conversation] () throws(ServingError) in
      try LoadedModel(
        path: path, configuration: configuration, chatTemplatePath: chatTemplatePath, conversation: conversation,
        progress: progress)
    }
    return try yields ? YieldingThread.run(load) : load()
  }

  private func ownPath() throws(ServingError) -> String {
    if let path { return path }
    return try EmbeddedModel.folder()
  }

  private func packages() throws(ServingError) -> [ModelPackage] {
    let paths = [try ownPath()] + (thinkingPath.map { [$0] } ?? [])
    do throws(ModelFileError) {
      return try paths.map { path throws(ModelFileError) in try ModelPackage(path: path) }
    } catch {
      throw .modelFiles(error)
    }
  }
}
