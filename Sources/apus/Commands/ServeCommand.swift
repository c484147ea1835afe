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
    abstract: "Serve models over HTTP, as OpenAI's API does.",
    discussion: """
      apus serve                                       the embedded model, http://127.0.0.1:8080
      apus serve --model FOLDER --port 9000            a Qwen3-Next model
      apus serve --models a=FOLDER --models b=FILE     several, loaded and unloaded as memory allows
      APUS_PORT=9000 apus serve --config my.yaml       settings from the environment and a file

      A setting has one name everywhere: --step-tokens, APUS_STEP_TOKENS, step-tokens in the file. Flags win over
      the environment, the environment over the file. SIGTERM or Ctrl-C lets running replies finish.
      """)

  @OptionGroup var flags: SettingFlags

  func run() async throws {
    ServerProcess.prepare()
    let environment = ProcessInfo.processInfo.environment
    let settings = try Settings(
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

    let serving = RunningServer(server: server, grace: .seconds(settings.shutdownGrace), logger: logger) {
      let models = try ModelPool(settings, logger: logger) { startup.note(stage: $0.rawValue) }
      let api = APIServer(
        models: models, configuration: APIServerConfiguration(settings), metrics: metrics, access: access,
        logger: logger)
      return (models, api.router())
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

  /// The lifecycle's own steps are of interest only when something is wrong with them.
  private func quiet(_ logger: Logger) -> Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .warning)
    return logger
  }
}
