import Engine
import Logging
import Serving

extension ModelPool {
  /// The pool of the models that settings name; none is loaded yet.
  /// - Parameter note: hears what loading does.
  convenience init(
    _ settings: Settings, logger: Logger, progress note: @escaping @Sendable (LoadedModel.Stage) -> Void
  ) throws {
    let available = settings.modelMemory ?? AvailableMemory.bytes()
    var sources = settings.models.map { ModelSource($0, settings) }
    let weights = try sources.flatMap { try $0.weightBytes() }
    let allowance = MemoryAllowance(of: available, sharedBy: weights)
    for index in sources.indices { sources[index].configuration.memory = allowance }
    let models = try zip(settings.models, sources).map { settings, source in
      try PooledModel(
        names: settings.names.isEmpty ? [ModelSource.name(of: source.path)] : settings.names, source,
        ModelResidence(settings), logger: logger, progress: note)
    }
    // One alone may have what it takes, as long as nobody says how much that may be.
    let isLimited = settings.modelMemory != nil || models.count > 1
    try self.init(models, memoryLimit: isLimited ? available : nil, logger: logger)
  }
}

extension PooledModel {
  fileprivate init(
    names: [String], _ source: ModelSource, _ residence: ModelResidence, logger: Logger,
    progress note: @escaping @Sendable (LoadedModel.Stage) -> Void
  ) throws {
    let parts = source.parts
    let outline: ModelOutline
    do {
      outline = try source.outline()
    } catch {
      throw UnusableModel(name: names[0], reason: error)
    }
    self.init(names: names, outline: outline, residence: residence, parts: parts) {
      yields, progress in
      try source.load(parts, mostBytes: outline.memory.total, yields: yields, logger: logger) { stage in
        progress(stage)
        note(stage)
      }
    }
  }
}

/// A model of the settings that cannot be served.
private struct UnusableModel: Error, CustomStringConvertible {
  let name: String
  let reason: ServingError

  var description: String { "the model '\(name)': \(reason)" }
}
