import Dispatch
import HTTP
import Logging
import Scheduler
import Serving
import ServingTestSupport
import Synchronization

@testable import APIServer

/// The server as it is, with a scripted model, on two ports of loopback: one with the limits that are usual, one with
/// tight ones, and both with short time-outs.
final class FuzzedServer {
  private final class Front {
    let configuration: HTTPServerConfiguration
    var server: HTTPServer
    var port = 0
    var isStopping = false

    init(_ configuration: HTTPServerConfiguration, _ router: Router) {
      self.configuration = configuration
      server = HTTPServer(configuration: configuration, router: router)
    }
  }

  let ledger = Ledger()
  let api: APIServer
  private let service: ChatService
  private let access = AccessControl(keys: nil)
  private let router: Router
  private var fronts: [Front] = []

  init() throws {
    let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
    let chat = try ScriptedChat { prompt, mode in Self.reply(to: prompt, mode) }
    service = try ChatService(
      format: chat.format, engine: chat.engine(), contextLength: 1024,
      scheduler: SchedulerConfiguration(
        pageCount: 128, slotCount: 6, stepTokenBudget: 256, maximumRunning: 4, maximumQueued: 8),
      logger: logger)
    api = APIServer(
      models: ModelPool(serving: Checkpoints(service), names: ["fuzz"], logger: logger),
      configuration: APIServerConfiguration(
        maximumBodyBytes: 6 * 1024, heartbeat: .milliseconds(2), responseStoreBytes: 64 * 1024),
      access: access, logger: logger)
    router = api.router()
    let observer = HTTPObserver(onResponse: { [ledger] in ledger.note($0) })
    var configuration = HTTPServerConfiguration(port: 0, eventLoops: 2, observer: observer)
    configuration.limits.bodyBytes = 8 * 1024
    configuration.limits.idleTimeout = .milliseconds(25)
    configuration.limits.headerTimeout = .milliseconds(15)
    configuration.limits.bodyTimeout = .milliseconds(15)
    configuration.limits.writeTimeout = .milliseconds(30)
    fronts.append(Front(configuration, router))
    configuration.eventLoops = 1
    configuration.limits.requestLineBytes = 80
    configuration.limits.headerFieldCount = 8
    configuration.limits.headerBytes = 300
    configuration.limits.bodyBytes = 600
    configuration.limits.bodyBufferBytes = 20
    configuration.limits.pipelineBytes = 40
    configuration.limits.outputBufferBytes = 10
    configuration.limits.connections = 3
    fronts.append(Front(configuration, router))
    for front in fronts { start(front) }
    // Swift's clock opens descriptors when it is first used, and keeps them.
    Self.wait { try? await Task.sleep(for: .milliseconds(1)) }
  }

  /// Texts, thoughts, calls of tools and nothing, by what is asked.
  private static func reply(to prompt: String, _ mode: Mode) -> String {
    let thoughts = mode == .thinking ? "Let me see.\n</think>\n\n" : ""
    switch prompt.utf8.count % 5 {
    case 0: return thoughts
    case 1: return thoughts + "Swifts sleep on the wing."
    case 2: return thoughts + "<tool_call>\n{\"name\": \"look\", \"arguments\": {\"at\": \"the sky\"}}\n</tool_call>"
    case 3: return thoughts + String(repeating: "and so on ", count: 40)
    default: return thoughts + "{\"a\": [1, true, \"\u{1F426}\"]}"
    }
  }

  // MARK: - What clients need

  func port(of server: Int) -> Int { fronts[server].port }

  /// Whether it was told to stop since the last `restore`.
  func isStopping(_ server: Int) -> Bool { fronts[server].isStopping }

  var state: String {
    "connections \(fronts.map(\.server.connectionCount)), \(service.statistics)"
  }

  /// Whether nothing is left of all requests.
  var isIdle: Bool {
    let statistics = service.statistics
    return fronts.allSatisfy { $0.server.connectionCount == 0 } && statistics.running + statistics.waiting == 0
      && statistics.pages.held + statistics.slots.held == 0
  }

  // MARK: - What operators do

  /// Reloads the keys: none, so that everybody is let in, or some.
  func replaceKeys(_ number: Int) {
    guard number % 3 > 0 else { return access.replaceKeys(nil) }
    var limits = APIKey.Limits()
    if number & 4 != 0 { limits.concurrentRequests = 1 }
    if number & 8 != 0 { limits.requestsPerMinute = 5 }
    if number & 16 != 0 { limits.tokensPerMinute = 100 }
    if number & 32 != 0 { limits.models = ["another"] }
    access.replaceKeys([APIKey(name: "key", secret: "secret", limits: limits)].compactMap { $0 })
  }

  func shutDown(_ server: Int, graceMilliseconds: Int) {
    let front = fronts[server]
    guard !front.isStopping else { return }
    front.isStopping = true
    Task { [server = front.server] in await server.shutdown(gracePeriod: .milliseconds(graceMilliseconds)) }
  }

  /// Makes everything as it was at first.
  func restore() {
    access.replaceKeys(nil)
    for front in fronts where front.isStopping {
      front.isStopping = false
      front.server = HTTPServer(configuration: front.configuration, router: router)
      start(front)
    }
  }

  private func start(_ front: Front) {
    let port = Self.wait { [server = front.server] in
      do {
        return try await server.start().port
      } catch {
        fatalError("the server does not start: \(error)")
      }
    }
    front.port = port
  }

  /// Stops for good.
  func stop() {
    Self.wait { [service, servers = fronts.map(\.server)] in
      await Checkpoints(service).drain(grace: .seconds(1))
      for server in servers { await server.shutdown(gracePeriod: .seconds(1)) }
    }
    fronts = []
  }

  /// Lets this thread, which is none of Swift's concurrency, wait for work of it.
  @discardableResult private static func wait<Value: Sendable>(for work: @escaping @Sendable () async -> Value) -> Value
  {
    let result = Result<Value>()
    Task.detached {
      let value = await work()
      result.value.withLock { $0 = value }
      result.isThere.signal()
    }
    while true {
      result.isThere.wait()
      if let value = result.value.withLock({ $0 }) { return value }
    }
  }

  private final class Result<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
    let isThere = DispatchSemaphore(value: 0)
  }
}
