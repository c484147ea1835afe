import APIServer
import ArgumentParser
import Foundation
import HTTP
import Logging
import Metrics
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
    ServerProcess.prepare()
    let environment = ProcessInfo.processInfo.environment
    let settings = try await Settings(
      flags: flags.values, environment: environment, file: flags.config ?? environment["APUS_CONFIG"])
    let logger = Self.logger(settings)

    let metrics = MetricRegistry()
    ProcessMetrics.add(to: metrics)
    let keys = KeySources(settings: settings.apiKeys, file: settings.apiKeysFile)
    let access = AccessControl(keys: try keys.keys())
    access.addMetrics(to: metrics)
    let startup = StartupServer(metrics: metrics, metricsAreOpen: settings.openMetrics, access: access)
    let certificate = try Certificate(settings, logger: logger)
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(
        settings, tls: try certificate?.read(), HTTPMetrics(registry: metrics), logger: logger),
      router: startup.router())
    metrics.add("apus_http_connections", "Connections that are open.", .gauge { Double(server.connectionCount) })

    let names = settings.servedModelNames.isEmpty ? [name(of: settings.model)] : settings.servedModelNames
    let configuration = APIServerConfiguration(settings, names: names)
    let serving = RunningServer(
      server: server, modelName: names[0], grace: .seconds(settings.shutdownGrace), logger: logger
    ) { [self] in
      let checkpoints = try load(settings, logger: logger) { startup.note(stage: $0.rawValue) }
      let api = APIServer(
        checkpoints: checkpoints, configuration: configuration, metrics: metrics, access: access, logger: logger)
      return (checkpoints, api.router())
    }
    var reloaded: [Reloader.Part] = [("api keys", { access.replaceKeys(try keys.keys()) })]
    if let certificate {
      reloaded.append(("certificate", { server.replaceTLS(try certificate.read()) }))
      metrics.add(
        "apus_tls_certificate_expiry_seconds", "When the certificate becomes invalid, in seconds since 1970.",
        .gauge { server.currentTLS.map { Double($0.expiry) } })
    }
    try await ServiceGroup(
      services: [serving, Reloader(parts: reloaded, logger: logger)], gracefulShutdownSignals: [.sigterm, .sigint],
      logger: quiet(logger)
    ).run()
    logger.info("stopped")
  }

  private static func logger(_ settings: Settings) -> Logger {
    var logger = Logger(label: "apus") { _ in LineLogHandler(format: settings.logFormat) }
    logger.logLevel = settings.logLevel
    return logger
  }

  private func load(
    _ settings: Settings, logger: Logger, progress note: @escaping (LoadedModel.Stage) -> Void
  ) throws -> Checkpoints {
    let progress: (LoadedModel.Stage) -> Void = { stage in
      logger.info("loading \(stage.rawValue)")
      note(stage)
    }
    let configuration = ServingConfiguration(settings)
    let conversation = ConversationSettings(settings)
    let model =
      if let path = settings.model {
        try LoadedModel(
          path: path, configuration: configuration, chatTemplatePath: settings.chatTemplate,
          conversation: conversation, progress: progress)
      } else {
        try LoadedModel.embedded(
          configuration: configuration, chatTemplatePath: settings.chatTemplate, conversation: conversation,
          progress: progress)
      }
    let service = try ChatService(model: model, logger: logger)
    guard let path = settings.thinkingModel else { return Checkpoints(service) }
    let thinking = try LoadedModel(
      path: path, configuration: configuration, conversation: conversation, progress: progress)
    return try Checkpoints(instruct: service, thinking: ChatService(model: thinking, logger: logger))
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
