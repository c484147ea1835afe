import APIServer
import ArgumentParser
import Foundation
import HTTP
import Logging
import ServiceLifecycle
import Serving
import UnixSignals

/// `apus serve`: puts the parts together and runs until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve a model over HTTP, as OpenAI's API does.",
    discussion: """
      apus serve                                       the embedded model, http://127.0.0.1:8080
      apus serve --model FOLDER --port 9000            a Qwen3-Next model
      APUS_PORT=9000 apus serve --config my.yaml       settings from the environment and a file

      A setting has one name everywhere: --step-tokens, APUS_STEP_TOKENS, step-tokens in the file. Flags win over
      the environment, the environment over the file. SIGTERM or Ctrl-C lets running replies finish.
      """)

  @OptionGroup var flags: SettingFlags

  func run() async throws {
    let environment = ProcessInfo.processInfo.environment
    let settings = try await Settings(
      flags: flags.values, environment: environment, file: flags.config ?? environment["APUS_CONFIG"])
    var logger = Logger(label: "apus") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = settings.logLevel

    let model = try load(settings, logger: logger)
    let service = try ChatService(model: model, logger: logger)
    let names = settings.servedModelNames.isEmpty ? [name(of: settings.model)] : settings.servedModelNames
    let api = APIServer(
      service: service,
      configuration: APIServerConfiguration(
        servedModelNames: names, maximumBodyBytes: settings.maximumBodyBytes, heartbeat: .seconds(settings.heartbeat),
        unknownFields: settings.unknownFields, reasoningField: settings.reasoningField,
        responseStoreBytes: settings.responseStoreBytes, tenantField: settings.tenantHeader),
      logger: logger)
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(settings, logger: logger), router: api.router())

    let serving = RunningServer(
      server: server, service: service, modelName: names[0], modes: model.format.modes.names,
      grace: .seconds(settings.shutdownGrace))
    try await ServiceGroup(
      services: [serving], gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet(logger)
    ).run()
    logger.info("stopped")
  }

  private func load(_ settings: Settings, logger: Logger) throws -> LoadedModel {
    let progress: (LoadedModel.Stage) -> Void = { logger.info("loading \($0.rawValue)") }
    let configuration = ServingConfiguration(settings)
    let conversation = ConversationSettings(settings)
    guard let path = settings.model else {
      return try LoadedModel.embedded(
        configuration: configuration, chatTemplatePath: settings.chatTemplate, conversation: conversation,
        progress: progress)
    }
    return try LoadedModel(
      path: path, configuration: configuration, chatTemplatePath: settings.chatTemplate, conversation: conversation,
      progress: progress)
  }

  private func name(of path: String?) -> String {
    guard let path else { return EmbeddedModel.name }
    let url = URL(fileURLWithPath: path).standardizedFileURL
    return (url.pathExtension == "gguf" ? url.deletingPathExtension() : url).lastPathComponent
  }

  /// The lifecycle's own steps are of interest only when something is wrong with them.
  private func quiet(_ logger: Logger) -> Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .warning)
    return logger
  }
}

/// The listening server as the lifecycle sees it: it runs until a signal, then finishes what it has begun.
private struct RunningServer: Service {
  let server: HTTPServer
  let service: ChatService
  let modelName: String
  let modes: [String]
  let grace: Duration

  /// Connections have this long to take the last bytes of replies that have ended.
  private static let closingGrace = Duration.seconds(5)

  func run() async throws {
    let address = try await server.start()
    announce(address)
    try await gracefulShutdown()
    await service.drain(grace: grace)
    await server.shutdown(gracePeriod: Self.closingGrace)
  }

  /// The only lines on standard output: where the server is, and something to paste.
  private func announce(_ address: SocketAddress) {
    let text = """
      Apus is ready at http://\(address) with \(modelName) (\(modes.joined(separator: ", "))). Try:

      curl http://\(address)/v1/chat/completions -H 'Content-Type: application/json' \\
        -d '{"model":"\(modelName)","messages":[{"role":"user","content":"What is Apus?"}]}'


      """
    FileHandle.standardOutput.write(Data(text.utf8))
  }
}

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
      checkpointBytes: settings.checkpointBytes, threads: settings.threads, weights: settings.weights,
      instructionSet: settings.instructionSet,
      keyValueType: settings.kvType, stateType: settings.stateType,
      compute: settings.compute,
      caching: CacheConfiguration(
        sharing: settings.cacheSharing, history: settings.history, folder: settings.cacheFolder,
        folderByteCount: settings.cacheFolderBytes),
      queueing: QueueingConfiguration(
        maximumPerTenant: settings.maximumPerTenant == 0 ? nil : settings.maximumPerTenant,
        maximumQueueSeconds: settings.maximumQueueSeconds == 0 ? nil : settings.maximumQueueSeconds,
        maximumGapSeconds: settings.maximumGap == 0 ? nil : settings.maximumGap,
        priorityAgingSeconds: settings.priorityAging),
      drafting: DraftingConfiguration(source: settings.draft, maximum: settings.drafts))
  }
}

extension HTTPServerConfiguration {
  init(_ settings: Settings, logger: Logger) {
    var limits = HTTPLimits()
    limits.bodyBytes = settings.maximumBodyBytes
    limits.connections = settings.maximumConnections
    limits.idleTimeout = .seconds(settings.idleTimeout)
    limits.headerTimeout = .seconds(settings.headerTimeout)
    limits.bodyTimeout = .seconds(settings.bodyTimeout)
    limits.writeTimeout = .seconds(settings.writeTimeout)
    let origins: CORSPolicy.Origins =
      settings.corsOrigins.isEmpty
      ? .none : settings.corsOrigins.contains("*") ? .any : .listed(Set(settings.corsOrigins))
    self.init(
      host: settings.host, port: settings.port, limits: limits,
      cors: CORSPolicy(origins: origins, exposedFields: APIServer.exposedFields),
      observer: HTTPObserver(
        onResponse: { entry in logger.debug("\(AccessLine(entry))") },
        onEvent: { event in
          switch event {
          case .acceptPaused(let reason): logger.warning("no new connections are accepted: \(reason)")
          case .acceptResumed: logger.info("new connections are accepted again")
          }
        }))
  }
}

/// One HTTP exchange as a line of `key=value` pairs.
private struct AccessLine: CustomStringConvertible {
  let entry: AccessLogEntry

  init(_ entry: AccessLogEntry) { self.entry = entry }

  var description: String {
    let milliseconds = entry.duration / .milliseconds(1)
    let outcome = entry.error.map { " error=\"\($0)\"" } ?? ""
    return
      "http method=\(entry.method ?? "-") path=\(entry.path ?? "-") status=\(entry.status.map(String.init) ?? "-") "
      + "bytes=\(entry.bytes) duration_ms=\(Int(milliseconds)) remote=\(entry.remoteAddress) "
      + "complete=\(entry.isComplete)\(outcome)"
  }
}
