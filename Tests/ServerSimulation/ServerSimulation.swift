import HTTP
import Scheduler

/// What became of a seed.
public struct SimulationReport: Sendable {
  /// The seed.
  public let seed: UInt64
  /// Things that happened.
  public let events: Int
  /// A digest of all of them: equal seeds have equal ones.
  public let trace: UInt64
  /// Requests that clients have sent.
  public let requests: Int
  /// Responses they have received.
  public let responses: Int
  /// Seconds that passed for the server.
  public let seconds: Double
  /// The invariant that did not hold; nil if all did.
  public let violation: String?
}

/// Runs the whole server against clients, a network and a disk that a seed decides.
public struct ServerSimulation: Sendable {
  private let script: ModelScript

  /// Events of a seed at most: more are a server that never rests.
  private static let mostEvents = 1_000_000
  /// Seconds, likewise.
  private static let mostSeconds = 4.0 * 3600

  /// Reads the text side of the embedded model.
  public init() throws { script = try ModelScript() }

  /// Runs a seed.
  /// - Parameter isVerbose: whether everything that happens is printed.
  public func run(seed: UInt64, isVerbose: Bool = false) -> SimulationReport {
    let world = World(seed: seed, isVerbose: isVerbose)
    let scenario = Scenario(world)
    let ring = KeyRing(seed: seed)
    let prompts = SharedPrompts()
    world.tell("\(scenario)")
    let files = SimulatedFiles(world, scenario.faults)
    var (requests, responses) = (0, 0)
    for _ in 0..<scenario.lives where world.violation == nil {
      let network = Network(world, scenario.faults)
      let crowd = Crowd(world, scenario, script, network, ring)
      do {
        let server = try Server(world, scenario, script, network, files, ring, prompts)
        crowd.arrive(at: server, files)
        run(world, server, crowd)
        crowd.check(server)
        server.finish(network)
      } catch {
        world.fail("the server cannot be made: \(error)")
      }
      requests += crowd.requestCount
      responses += crowd.answeredCount
    }
    return SimulationReport(
      seed: seed, events: world.events, trace: world.trace, requests: requests, responses: responses,
      seconds: Double(world.time) / 1e9, violation: world.violation)
  }

  private func run(_ world: World, _ server: Server, _ crowd: Crowd) {
    while world.violation == nil {
      if world.events > Self.mostEvents { world.fail("after \(world.events) events there is no end: \(crowd.state)") }
      if Double(world.time) > Self.mostSeconds * 1e9 { world.fail("hours pass without an end: \(crowd.state)") }
      guard !world.step() else { continue }
      // Nothing would ever happen any more.
      if server.hasStopped { return }
      guard !server.isStopping, crowd.isDone else {
        return world.fail("everybody waits for ever: \(crowd.state)")
      }
      crowd.stop(server)
    }
  }
}
