import APIServer
import Foundation
import HTTP
import Logging
import Serving

extension ConversationSettings {
  init(_ settings: Settings) {
    self.init()
    toolCalls = settings.toolCallFormat
    closingText = settings.thinkingClosingText
    sampling = [.instruct: settings.instructSampling, .thinking: settings.thinkingSampling]
  }
}

extension ServingConfiguration {
  init(_ settings: Settings) {
    self.init(
      contextLength: settings.contextLength, maximumRunning: settings.maximumRunning,
      maximumQueued: settings.maximumQueued, stepTokens: settings.stepTokens, keyValueBytes: settings.kvCacheBytes,
      checkpointBytes: settings.checkpointBytes, memoryShare: settings.thinkingModel == nil ? 1 : 0.5,
      threads: settings.threads, weights: settings.weights,
      instructionSet: settings.instructionSet,
      keyValueType: settings.kvType, stateType: settings.stateType,
      compute: settings.compute,
      caching: CacheConfiguration(
        sharing: settings.cacheSharing, history: settings.history, folder: settings.cacheFolder,
        folderByteCount: settings.thinkingModel == nil ? settings.cacheFolderBytes : settings.cacheFolderBytes / 2),
      queueing: QueueingConfiguration(
        maximumPerTenant: settings.maximumPerTenant == 0 ? nil : settings.maximumPerTenant,
        maximumQueueSeconds: settings.maximumQueueSeconds == 0 ? nil : settings.maximumQueueSeconds,
        maximumGapSeconds: settings.maximumGap == 0 ? nil : settings.maximumGap,
        priorityAgingSeconds: settings.priorityAging),
      drafting: DraftingConfiguration(source: settings.draft, maximum: settings.drafts))
  }
}

extension APIServerConfiguration {
  init(_ settings: Settings, names: [String]) {
    self.init(
      servedModelNames: names, maximumBodyBytes: settings.maximumBodyBytes, heartbeat: .seconds(settings.heartbeat),
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
