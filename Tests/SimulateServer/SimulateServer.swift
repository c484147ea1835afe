import ArgumentParser
import Foundation
import ServerSimulation
import Synchronization

/// Runs the server through seeds until one breaks an invariant, or enough has happened.
@main struct SimulateServer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "SimulateServer",
    abstract: "Run the server under a simulated network, disk and clock, which seeds decide.",
    discussion: """
      SimulateServer --seconds 60                     fresh seeds for a minute
      SimulateServer --first 1 --seeds 10000          these seeds
      SimulateServer --first 4711 --seeds 1 --trace   one seed again, with everything that happens
      """)

  @Option(help: "The first seed; a fresh one where it is not given.") var first: UInt64?
  @Option(help: "How many seeds.") var seeds = Int.max
  @Option(help: "Stops after so many events.") var events = Int.max
  @Option(help: "Stops after so many seconds.") var seconds = Double.infinity
  @Flag(help: "Prints everything that happens.") var trace = false

  /// Prints at once, also into a file.
  private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

  func run() throws {
    let simulation = try ServerSimulation()
    let first = first ?? UInt64.random(in: 0..<1 << 48)
    CrashNote.install()
    say("seeds from \(first) on")
    let start = ContinuousClock.now
    var (seeds, events, requests, responses, simulated) = (0, 0, 0, 0, 0.0)
    var elapsed: Double { (ContinuousClock.now - start) / .seconds(1) }
    func report() {
      say(
        "\(seeds) seeds, \(events) events, \(requests) requests, \(responses) responses, "
          + "\(Int(simulated)) simulated seconds in \(String(format: "%.1f", elapsed)) s")
    }
    while seeds < self.seeds, events < self.events, elapsed < seconds {
      CrashNote.seed.store(first &+ UInt64(seeds), ordering: .relaxed)
      let outcome = simulation.run(seed: first &+ UInt64(seeds), isVerbose: trace)
      seeds += 1
      events += outcome.events
      requests += outcome.requests
      responses += outcome.responses
      simulated += outcome.seconds
      if let violation = outcome.violation {
        report()
        say("seed \(outcome.seed): \(violation)")
        say("again: SimulateServer --first \(outcome.seed) --seeds 1 --trace")
        throw ExitCode.failure
      }
      if seeds % 1000 == 0 { report() }
    }
    report()
  }
}
