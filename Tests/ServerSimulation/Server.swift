import APIServer
import DiskCache
import HTTP
import HTTPTypes
import Host
import Logging
import Metrics
import Scheduler
import Serving

/// The server as it is, on simulated loops, threads, files and an engine that computes digests.
///
/// Unchecked: all is one thread.
final class Server: @unchecked Sendable {
  private let world: World
  private let scenario: Scenario
  let books: Books
  let keys: KeyBooks
  private let access: AccessControl
  private var metrics: MetricRegistry?
  private(set) var service: ChatService?
  private var models: ModelPool?
  private(set) var http: HTTPServer?
  private(set) var loops: [EventLoop] = []
  private(set) var isStopping = false
  private(set) var hasStopped = false

  init(
    _ world: World, _ scenario: Scenario, _ script: ModelScript, _ network: Network, _ files: SimulatedFiles,
    _ ring: KeyRing, _ prompts: SharedPrompts
  ) throws {
    self.world = world
    self.scenario = scenario
    let keys = KeyBooks(world, ring, prompts)
    self.keys = keys
    let books = Books(world, scenario, keys)
    self.books = books
    let host = SimulatedHost(world)
    let access = AccessControl(keys: ring.apiKeys, host: host) { keys.note($0) }
    let metrics = MetricRegistry()
    access.addMetrics(to: metrics)
    self.metrics = metrics
    self.access = access
    world.onEvent = {
      guard ring.isReloaded() else { return }
      access.replaceKeys(ring.apiKeys)
      keys.noteReload()
    }
    let engine = SimulatedEngine(world, script, scenario)
    let disk = try scenario.diskLimit.map { limit in
      files.limit = limit
      return try DiskCache(
        path: "/cache", fingerprint: Digest((1, 2, 3, 4)), limit: limit, host: host, files: files, report: { _ in })
    }
    var logger = Logger(label: "simulation") { _ in BookKeeper(books: books) }
    logger.logLevel = .info
    let service = try ChatService(
      format: script.format, engine: engine, contextLength: scenario.contextLength, scheduler: scenario.scheduler,
      caching: CacheConfiguration(), drafting: scenario.drafting, disk: disk, host: host,
      inspect: { books.inspect($0, $1) }, logger: logger)
    self.service = service
    let models = ModelPool(serving: Checkpoints(service), names: ["sim"], host: host, logger: logger)
    self.models = models
    let configuration = APIServerConfiguration(
      heartbeat: scenario.heartbeat, tenantField: ring.hasKeys ? HTTPField.Name("x-llm-d-inference-fairness-id") : nil)
    let api = APIServer(
      models: models, configuration: configuration, metrics: metrics, access: access, host: host, logger: logger)
    let http = HTTPServer(
      configuration: HTTPServerConfiguration(
        limits: scenario.limits, observer: HTTPObserver(onResponse: { books.note($0) })),
      router: api.router())
    self.http = http
    for _ in 0..<scenario.loops {
      let core = SimulatedLoop(world, network)
      world.loops.append(core)
      loops.append(EventLoop(core))
    }
    Task(executorPreference: loops[0]) { [loops, world] in
      do {
        try await http.serve(Network.listener, on: loops)
      } catch {
        world.fail("the server does not start: \(error)")
      }
    }
  }

  /// What SIGTERM does.
  func stop() {
    guard !isStopping, let models, let http else { return }
    isStopping = true
    world.tell("stop with a grace of \(scenario.grace) s")
    Task(executorPreference: loops[0]) { [self] in
      await models.drain(grace: .seconds(scenario.grace))
      await http.shutdown(gracePeriod: .seconds(5))
      hasStopped = true
    }
  }

  /// Checks what has to be true once all is over, and lets go of everything.
  func finish(_ network: Network) {
    guard world.violation == nil else { return }
    if !hasStopped { world.fail("the server does not stop") }
    for worker in world.workers where !worker.hasEnded { world.fail("\(worker.name) does not end") }
    if network.openCount > 0 { world.fail("\(network.openCount) sockets stay open") }
    if world.loops.contains(where: \.hasClients) { world.fail("an event loop keeps clients") }
    if let statistics = service?.statistics {
      if statistics.running + statistics.waiting > 0 { world.fail("requests are left: \(statistics)") }
      if statistics.pages.held + statistics.slots.held > 0 { world.fail("pages or slots are held: \(statistics)") }
    }
    if let metrics { keys.finish(access, metrics) }
    // Whoever waits for what never comes holds on to its loop.
    weak let service = service
    weak let loop = loops.last
    self.service = nil
    models = nil
    http = nil
    metrics = nil
    loops = []
    world.end()
    if service != nil { world.fail("the service outlives its requests") }
    if loop != nil { world.fail("a task waits for ever") }
  }
}
