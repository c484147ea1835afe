import HTTP

/// What would be the thread of an event loop, in front of the simulated network.
final class SimulatedLoop: LoopCore, @unchecked Sendable {
  private struct Client {
    let token: UInt64
    let client: any EventLoopClient
    let descriptor: Descriptor
    var events: PollEvents
  }

  private let world: World
  private let network: Network
  private weak var executor: EventLoop?
  private var jobs: [UnownedJob] = []
  private var firstJob = 0
  private var clients: [Client] = []
  private var deadlines = DeadlineTable()
  private var lastToken: UInt64 = 0

  init(_ world: World, _ network: Network) {
    self.world = world
    self.network = network
  }

  /// Whether what runs now would run on the loop's thread.
  private(set) var isCurrent = false

  private func run(_ work: () -> Void) {
    isCurrent = true
    work()
    isCurrent = false
  }

  func start(for executor: EventLoop) { self.executor = executor }

  func stop() {}

  func enqueue(_ job: UnownedJob) { jobs.append(job) }

  // MARK: - What the world does

  var hasJobs: Bool { firstJob < jobs.count }
  var hasReadyClient: Bool { clients.contains { !readiness(of: $0).isEmpty } }
  var earliestDeadline: Int64? { deadlines.earliest.map { world.time(of: $0) } }
  var hasClients: Bool { !clients.isEmpty }

  func runJob() {
    let job = jobs[firstJob]
    firstJob += 1
    if firstJob == jobs.count {
      jobs.removeAll(keepingCapacity: true)
      firstJob = 0
    }
    guard let executor else { return world.fail("a job is left whose event loop is gone") }
    run {
      job.runSynchronously(
        isolatedTo: executor.asUnownedSerialExecutor(), taskExecutor: executor.asUnownedTaskExecutor())
    }
  }

  /// Tells one of the clients that its descriptor is ready.
  func poll() {
    let ready = clients.indices.filter { !readiness(of: clients[$0]).isEmpty }
    let client = clients[ready[world.int(0...ready.count - 1)]]
    world.tell("ready: \(client.descriptor) for \(readiness(of: client).rawValue)")
    let before = network.activity
    run { client.client.isReady(for: readiness(of: client)) }
    network.noteReadiness(of: client.descriptor, isActive: network.activity != before)
  }

  func expire() {
    for token in deadlines.takeExpired(at: now) {
      world.tell("deadline of \(token)")
      let client = clients.first { $0.token == token }
      run { client?.client.deadlineHasPassed() }
    }
  }

  private func readiness(of client: Client) -> PollEvents {
    network.readiness(of: client.descriptor).intersection(client.events.union(.broken))
  }

  // MARK: - Time

  var now: ContinuousClock.Instant { world.now }
  func httpDate() -> String { "Sun, 06 Nov 1994 08:49:37 GMT" }
  func sleep(until deadline: ContinuousClock.Instant) async throws { try await Sleep(world).wait(until: deadline) }

  // MARK: - Clients

  func add(
    _ client: any EventLoopClient, descriptor: Descriptor, events: PollEvents
  ) throws(SystemError) -> UInt64 {
    try network.watch(descriptor)
    lastToken += 1
    clients.append(Client(token: lastToken, client: client, descriptor: descriptor, events: events))
    return lastToken
  }

  func watch(_ token: UInt64, descriptor: Descriptor, for events: PollEvents) throws(SystemError) {
    guard let index = clients.firstIndex(where: { $0.token == token && $0.descriptor == descriptor }) else {
      return world.fail("descriptor \(descriptor) is watched before it is added")
    }
    network.noteActivity()
    clients[index].events = events
  }

  func remove(_ token: UInt64, descriptor: Descriptor) {
    clients.removeAll { $0.token == token }
    deadlines.set(nil, for: token)
  }

  func setDeadline(_ deadline: ContinuousClock.Instant?, for token: UInt64) { deadlines.set(deadline, for: token) }

  // MARK: - Sockets

  func accept(_ listener: Descriptor) throws(SystemError) -> (Descriptor, String) { try network.accept(listener) }

  func receive(_ socket: Descriptor, _ body: (UnsafeRawBufferPointer) -> Void) throws(SystemError) {
    let bytes = try network.receive(socket)
    bytes.withUnsafeBytes { body($0) }
  }

  func send(_ socket: Descriptor, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    try network.send(socket, bytes)
  }

  func shutDownSending(_ socket: Descriptor) throws(SystemError) { try network.shutDownSending(socket) }

  func close(_ socket: Descriptor) {
    if clients.contains(where: { $0.descriptor == socket }) {
      world.fail("descriptor \(socket) is closed while it is watched")
    }
    network.close(socket)
  }
}
