import Testing

@testable import ServerSimulation

@Suite struct ServerSimulationTests {
  private static let shared = Result { try ServerSimulation() }

  @Test func aSeedRepeatsEverything() throws {
    let simulation = try Self.shared.get()
    var traces: Set<UInt64> = []
    for seed in 1...12 as ClosedRange<UInt64> {
      let (first, second) = (simulation.run(seed: seed), simulation.run(seed: seed))
      #expect(first.trace == second.trace && first.events == second.events, "seed \(seed)")
      #expect(first.seconds == second.seconds && first.responses == second.responses, "seed \(seed)")
      traces.insert(first.trace)
    }
    #expect(traces.count == 12)
  }

  @Test(arguments: 100...139 as ClosedRange<UInt64>) func invariantsHold(seed: UInt64) throws {
    let report = try Self.shared.get().run(seed: seed)
    #expect(report.violation == nil, "seed \(seed)")
    #expect(report.events > 100)
  }
}
