import HTTP

/// The clients of a seed, one after another.
final class Crowd {
  private let world: World
  private let scenario: Scenario
  private let network: Network
  private var maker: RequestMaker
  private var clients: [Client] = []
  private var hasArrived = false

  init(_ world: World, _ scenario: Scenario, _ script: ModelScript, _ network: Network, _ ring: KeyRing) {
    self.world = world
    self.scenario = scenario
    self.network = network
    maker = RequestMaker(world, script, scenario, ring)
  }

  var requestCount: Int { clients.reduce(0) { $0 + $1.begun } }
  var answeredCount: Int { clients.reduce(0) { $0 + $1.answered } }
  var isDone: Bool { hasArrived && clients.allSatisfy(\.isDone) }
  var state: String { clients.filter { !$0.isDone }.map(\.state).joined(separator: "; ") }

  /// Lets all clients arrive, each some time after the one before.
  func arrive(at server: Server, _ files: SimulatedFiles) {
    world.onStandstill = { [unowned self] in for client in clients where !client.isDone { client.noteStandstill() } }
    world.after(Int64(world.int(1...scenario.arrivalGap))) { [self] in
      disturb(files)
      let client = Client(world, network, plan(), server.keys)
      client.mayFail = scenario.faults.engine > 0
      client.isExcused = server.isStopping || isOverrun
      clients.append(client)
      client.start(capacity: scenario.socketCapacity)
      if clients.count == scenario.stopAfter, scenario.stopAfter < scenario.clientCount { stop(server) }
      if clients.count < scenario.clientCount { arrive(at: server, files) } else { hasArrived = true }
    }
  }

  /// More connections than are answered at all.
  private var isOverrun: Bool {
    let perAddress = scenario.limits.connectionsPerAddress
    return scenario.clientCount > min(scenario.limits.connections, perAddress == 0 ? .max : perAddress) + 30
  }

  func stop(_ server: Server) {
    for client in clients where !client.isDone { client.noteStop(isPatient: scenario.grace >= 3600) }
    server.stop()
  }

  private func disturb(_ files: SimulatedFiles) {
    if world.happens(scenario.faults.jumps) { world.standStill(world.magnitude(1...600)) }
    if world.happens(scenario.faults.jumps) { files.setClock() }
    if world.happens(scenario.faults.damage) { files.lose() }
  }

  private func plan() -> ClientPlan {
    let tenant = world.int(1...scenario.tenants)
    var requests: [ClientRequest] = []
    for _ in 0..<world.magnitude(1...6) {
      requests.append(maker.make(tenant: tenant, allowsMalformed: world.happens(scenario.faults.clients)))
      if requests[requests.count - 1].closes { break }
    }
    let isSlow = world.happens(100_000)
    let bytes = requests.reduce(0) { $0 + $1.byteCount }
    var plan = ClientPlan(
      requests: requests, pipelines: world.happens(150_000), sendGap: world.magnitude(1000...2_000_000),
      readGap: world.magnitude(1000...(isSlow ? 200_000_000 : 2_000_000)),
      sendPiece: world.magnitude(max(1, bytes / 40)...max(4096, bytes)),
      readPiece: world.magnitude((isSlow ? 64 : 512)...65_536),
      thinkTime: world.magnitude(1000...500_000_000), leavesOpen: world.happens(200_000),
      address: "10.0.0.\(world.int(1...3))")
    if world.happens(scenario.faults.clients) {
      let place = world.int(0...bytes)
      plan.fate =
        switch world.int(0...6) {
        case 0: .closesAfterSending(place)
        case 1: .resetsAfterSending(place)
        case 2: .halfClosesAfterSending(place)
        case 3: .stallsAfterSending(place)
        case 4: .closesAfterReceiving(world.magnitude(1...10_000))
        case 5: .resetsAfterReceiving(world.magnitude(1...10_000))
        default: .stallsAfterReceiving(world.magnitude(1...10_000))
        }
    }
    return plan
  }

  /// Checks what clients have seen against what the server says.
  func check(_ server: Server) {
    guard world.violation == nil else { return }
    for client in clients {
      client.checkPart()
      for (name, usage) in client.answeredCompletions where server.keys.visits[name]?.refusal == nil {
        let ends = server.books.ends(of: name)
        if ends != 1 { world.fail("request \(name) is answered, and ended \(ends) times") }
        if let problem = usage.flatMap({ server.keys.problem(ofCharge: $0, in: name) }) {
          world.fail("request \(name): \(problem)")
        }
      }
    }
    let whole = clients.reduce(0) { $0 + $1.answeredWhole }
    if server.books.completeResponses < whole {
      world.fail("clients have \(whole) whole responses, and the server sent \(server.books.completeResponses)")
    }
  }
}
