import APIServer
import Foundation
import HTTP
import Logging
import Scheduler
import Serving
import ServingTestSupport

/// Serves OpenAI's API with a scripted model, so that what is measured is everything around a model: sockets, HTTP,
/// streams and the step loop. Used by Tools/load/connections.py.
///
///     ScriptedServer PORT [TOKENS]
///
/// Every reply has so many words, 100 if nothing is said. Up to 4,096 replies advance together.
@main struct ScriptedServer {
  static func main() async throws {
    let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    let port = numbers.first ?? 0
    let reply = Array(repeating: "word", count: numbers.dropFirst().first ?? 100).joined(separator: " ")
    let logger = Logger(label: "scripted") { _ in SwiftLogNoOpLogHandler() }
    let chat = try ScriptedChat { _, _ in reply }
    let service = try ChatService(
      format: chat.format, engine: chat.engine(), contextLength: 4096,
      scheduler: SchedulerConfiguration(
        pageCount: 65_536, slotCount: 4096, stepTokenBudget: 8192, maximumRunning: 4096, maximumQueued: 4096),
      logger: logger)
    let api = APIServer(
      models: ModelPool(serving: Checkpoints(service), names: ["scripted"], logger: logger),
      configuration: APIServerConfiguration(), logger: logger)
    var configuration = HTTPServerConfiguration(port: port)
    configuration.limits.connections = 1_000_000
    configuration.limits.idleTimeout = .seconds(3600)
    let server = HTTPServer(configuration: configuration, router: api.router())
    FileHandle.standardOutput.write(Data("http://\(try await server.start())\n".utf8))
    while true { try await Task.sleep(for: .seconds(3600)) }
  }
}
