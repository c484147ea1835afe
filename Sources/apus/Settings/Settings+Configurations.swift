import APIServer
import Foundation
import HTTP
import Logging
import Serving

extension ConversationSettings {
  init(_ settings: ModelSettings) {
    self.init()
    toolCalls = settings.toolCallFormat
    closingText = settings.thinkingClosingText
    sampling = [.instruct: settings.instructSampling, .thinking: settings.thinkingSampling]
  }
}

extension ServingConfiguration {
  /// - Parameters:
  ///   - model: one of the server's.
  ///   - settings: the server's.
  init(_ model: ModelSettings, _ settings: Settings) {
    let checkpoints = settings.checkpointCount
    self.init(
      contextLength: model.contextLength, maximumRunning: model.maximumRunning, maximumQueued: model.maximumQueued,
      stepTokens: model.stepTokens, keyValueBytes: model.kvCacheBytes, checkpointBytes: model.checkpointBytes,
      threads: model.threads, weights: model.weights, instructionSet: settings.instructionSet,
      keyValueType: model.kvType, stateType: model.stateType, compute: model.compute,
      caching: CacheConfiguration(
        sharing: settings.cacheSharing, history: model.history,
        folder: settings.cacheFolder.map { checkpoints == 1 ? $0 : "\($0)/\(model.folderName)" },
        folderByteCount: settings.cacheFolderBytes / checkpoints),
      queueing: QueueingConfiguration(
        maximumPerTenant: settings.maximumPerTenant == 0 ? nil : settings.maximumPerTenant,
        maximumQueueSeconds: model.maximumQueueSeconds == 0 ? nil : model.maximumQueueSeconds,
        maximumGapSeconds: model.maximumGap == 0 ? nil : model.maximumGap,
        priorityAgingSeconds: settings.priorityAging),
      drafting: DraftingConfiguration(source: model.draft, maximum: model.drafts))
  }
}

extension ModelSource {
  /// - Parameters:
  ///   - model: one of the server's.
  ///   - settings: the server's.
  init(_ model: ModelSettings, _ settings: Settings) {
    self.init(
      path: model.path, configuration: ServingConfiguration(model, settings), conversation: ConversationSettings(model))
    thinkingPath = model.thinkingPath
    chatTemplatePath = model.chatTemplate
  }
}

extension ModelResidence {
  init(_ settings: ModelSettings) {
    self.init()
    loadsAtStart = settings.load == .start
    idleLimit = settings.idleUnload == 0 ? nil : .seconds(settings.idleUnload)
    mostWaiters = settings.maximumRunning + settings.maximumQueued
    longestWait = settings.maximumQueueSeconds == 0 ? nil : .seconds(settings.maximumQueueSeconds)
  }
}

extension Settings {
  /// Checkpoints of all models, which share the cache folder's bytes.
  fileprivate var checkpointCount: Int { models.reduce(0) { $0 + ($1.thinkingPath == nil ? 1 : 2) } }
}

extension ModelSettings {
  /// The folder of its own that it has among other models' in the cache folder: its name, with everything but letters,
  /// digits, hyphens, underscores and inner dots written as `%` and two hexadecimal digits.
  fileprivate var folderName: String {
    (names.first ?? ModelSource.name(of: path)).utf8.enumerated().map { index, byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        String(UnicodeScalar(byte))
      case UInt8(ascii: ".") where index > 0: "."
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }.joined()
  }
}

extension APIServerConfiguration {
  init(_ settings: Settings) {
    self.init(
      maximumBodyBytes: settings.maximumBodyBytes, heartbeat: .seconds(settings.heartbeat),
      unknownFields: settings.unknownFields, reasoningField: settings.reasoningField,
      responseStoreBytes: settings.responseStoreBytes, tenantField: settings.tenantHeader,
      stallTimeout: .seconds(settings.stallTimeout),
      metricsAreOpen: settings.openMetrics)
  }
}

extension HTTPServerConfiguration {
  init(_ settings: Settings, tls: TLSContext?, _ metrics: HTTPMetrics, logger: Logger) {
    var limits = HTTPLimits()
    limits.bodyBytes = settings.maximumBodyBytes
    limits.connections = settings.maximumConnections
    limits.connectionsPerAddress = settings.maximumConnectionsPerAddress
    limits.idleTimeout = .seconds(settings.idleTimeout)
    limits.headerTimeout = .seconds(settings.headerTimeout)
    limits.bodyTimeout = .seconds(settings.bodyTimeout)
    limits.writeTimeout = .seconds(settings.writeTimeout)
    let origins: CORSPolicy.Origins =
      settings.corsOrigins.isEmpty
      ? .none : settings.corsOrigins.contains("*") ? .any : .listed(Set(settings.corsOrigins))
    self.init(
      host: settings.host, port: settings.port, tls: tls, limits: limits,
      eventLoops: settings.httpThreads == 0
        ? min(4, ProcessInfo.processInfo.activeProcessorCount) : settings.httpThreads,
      cors: CORSPolicy(origins: origins, exposedFields: APIServer.exposedFields),
      observer: HTTPObserver(
        onResponse: { entry in
          metrics.note(entry)
          AccessLine(entry).write(to: logger)
        },
        onEvent: { event in
          switch event {
          case .acceptPaused(let reason): logger.warning("no new connections are accepted: \(reason)")
          case .acceptResumed: logger.info("new connections are accepted again")
          // Whoever scans the network makes these.
          case .handshakeFailed(let address, let reason): logger.debug("no TLS with address=\(address): \(reason)")
          }
        }))
  }
}
