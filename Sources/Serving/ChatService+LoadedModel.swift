import DiskCache
import Engine
import Foundation
import Kernels
public import Logging
import ModelFiles

extension ChatService {
  /// Allocates the memory planned for a model, and starts the step loop. Logs what was decided.
  /// - Parameter record: of earlier services of the model; nil where there were none.
  public convenience init(
    model: LoadedModel, record: ServiceRecord? = nil, logger: Logger
  ) throws(ServingError) {
    let plan = model.plan
    for line in plan.summary { logger.info("\(line)") }
    if model.folder.configuration.contextLength > plan.contextLength, model.configuration.contextLength == 0 {
      logger.warning(
        """
        the model's context of \(model.folder.configuration.contextLength) tokens is cut to \(plan.contextLength): \
        more does not fit into the memory
        """)
    }
    let engine: Engine
    do {
      engine = try Engine(
        model: model.model, configuration: plan.engine, kernels: Kernels(model.configuration.instructionSet))
    } catch {
      throw .engine(error)
    }
    logger.info(
      """
      modes=\(model.format.modes.names.joined(separator: ",")) default=\(model.format.modes.default.rawValue) \
      instruction_set=\(engine.instructionSet)
      """)
    let disk = try Self.disk(for: model, engine, logger)
    try self.init(
      format: model.format, engine: engine, contextLength: plan.contextLength, scheduler: plan.scheduler,
      caching: model.configuration.caching, drafting: model.configuration.drafting, disk: disk, record: record,
      logger: logger)
  }

  /// Opens the folder that caches are kept in, if there is to be one.
  private static func disk(
    for model: LoadedModel, _ engine: Engine, _ logger: Logger
  ) throws(ServingError) -> DiskCache? {
    let caching = model.configuration.caching
    guard let folder = caching.folder else { return nil }
    // Where several models have folders of their own in one, that one is made, too; what is wrong with it shows below.
    try? FileManager.default.createDirectory(
      atPath: (folder as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    do {
      let disk = try DiskCache(
        path: folder, fingerprint: CacheFingerprint.of(model.folder, engine), limit: caching.folderByteCount
      ) { logger.warning("\($0)") }
      logger.info("cache folder=\(folder) bytes=\(disk.statistics.byteCount) limit=\(caching.folderByteCount)")
      return disk
    } catch {
      throw .diskCache(error)
    }
  }
}
