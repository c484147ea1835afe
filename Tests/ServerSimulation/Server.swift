import APIServer
import DiskCache
import HTTP
import Host
import Logging
import Scheduler
import Serving

/// The server as it is, on simulated loops, threads, files and an engine that computes digests.
///
/// Unchecked: all is one thread.
final class Server: @unchecked Sendable {
  private let world: World
  private let scenario: Scenario
  let books: Books
  private(set) var service: ChatService?
  private var models: ModelPool?
  private(set) var http: HTTPServer?
  private(set) var loops: [EventLoop] = []
  private(set) var isStopping = false
  private(set) var hasStopped = false

  init(_ world: World, _ scenario: Scenario, _ script: ModelScript, _ network: Network, _ files: SimulatedFiles) throws
  {
    self.world = world
    self.scenario = scenario
    let books = Books(world, scenario)
    self.books = books
    let host = SimulatedHost(world)
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
    let api = APIServer(
      models: models, configuration: APIServerConfiguration(heartbeat: scenario.heartbeat), host: host, logger: logger)
    let configuration = HTTPServerConfiguration(
      limits: scenario.limits, observer: HTTPObserver(onResponse: { books.note($0) }))
    let http = HTTPServer(configuration: configuration, router: api.router())
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
    // Whoever waits for what never comes holds on to its loop.
    weak let service = service
    weak let loop = loops.last
    self.service = nil
    models = nil
    http = nil
    loops = []
    world.end()
    if service != nil { world.fail("the service outlives its requests") }
    if loop != nil { world.fail("a task waits for ever") }
  }
}

/// What the server says of itself, compared with itself.
final class Books: @unchecked Sendable {
  private let world: World
  private let scenario: Scenario
  /// Lines of the log by request.
  private var lines: [String: Int] = [:]
  private(set) var responses = 0
  private(set) var completeResponses = 0
  private var turns = 0

  init(_ world: World, _ scenario: Scenario) {
    self.world = world
    self.scenario = scenario
  }

  func inspect(_ scheduler: Scheduler, _ plan: StepPlan?) {
    if let plan {
      for admitted in plan.admitted where !admitted.isResumed && admitted.queuedSeconds > longestWait + 1e-6 {
        world.fail("request \(admitted.request.rawValue) is admitted after \(admitted.queuedSeconds) s")
      }
      return
    }
    turns += 1
    do {
      try scheduler.checkInvariants()
    } catch {
      world.fail("\(error)")
    }
  }

  private var longestWait: Double { scenario.scheduler.maximumQueueSeconds }

  func note(_ entry: AccessLogEntry) {
    responses += 1
    if entry.isComplete { completeResponses += 1 }
  }

  func note(_ event: LogEvent) {
    if event.level == .critical { world.fail("the log says: \(event.message)") }
    let message = "\(event.message)"
    if message.hasPrefix("cancelled"), !message.hasSuffix("steps_after_cancel=0") {
      world.fail("steps are computed for a request that is cancelled: \(message)")
    }
    guard let metadata = event.metadata, let name = metadata["request_id"], metadata["finish_reason"] != nil else {
      return
    }
    lines["\(name)", default: 0] += 1
    if lines["\(name)", default: 0] > 1 { world.fail("request \(name) ends twice") }
  }

  /// How often the request's end was noted.
  func ends(of name: String) -> Int { lines[name] ?? 0 }
}

/// Hears what the server logs.
private struct BookKeeper: LogHandler {
  let books: Books
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  init(books: Books) { self.books = books }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { books.note(event) }
}
