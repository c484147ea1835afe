import JSON
import Testing

@testable import Workload

@Suite struct TraceFileTests {
  private func parse(_ text: String) throws(WorkloadError) -> Trace { try TraceFile.parse(Array(text.utf8)) }

  @Test func readsWhatItWrites() throws {
    var recipe = TraceRecipe(conversations: 50, rate: 3)
    recipe.turns = 3
    recipe.pause = 2
    recipe.prefixes = 2
    recipe.tenants = 3
    recipe.prompt = .skewed(mean: 200)
    let trace = try recipe.make()
    let read = try parse(TraceFile.text(trace, notes: ["from": "a test"]))
    #expect(read.conversations.map(\.turns.count) == trace.conversations.map(\.turns.count))
    for (one, other) in zip(read.conversations, trace.conversations) {
      #expect(one.prefix == other.prefix && one.tenant == other.tenant && one.length == other.length)
      #expect(abs(one.arrival - other.arrival) < 1e-6)
      #expect(zip(one.turns, other.turns).allSatisfy { abs($0.pause - $1.pause) < 1e-6 })
    }
  }

  @Test func fillsInWhatIsLeftOut() throws {
    let trace = try parse(
      """
      {"apus_trace":1,"note":"any"}
      {"arrival":2,"turns":[{"prompt":3,"output":4}]}

      {"arrival":1,"turns":[{"prompt":1,"output":1},{"prompt":2,"output":1,"pause":0.5}]}
      """)
    #expect(trace.conversations.map(\.arrival) == [1, 2])
    #expect(trace.conversations[1] == Conversation(arrival: 2, turns: [Turn(prompt: 3, output: 4)]))
    #expect(trace.requestCount == 3)
    #expect(trace.longestSequence == 7)
    #expect(trace.sped(up: 2).conversations[0].turns[1].pause == 0.25)
  }

  @Test(arguments: [
    ("", "line 1: expected a JSON object"),
    ("{}", "line 1: expected {\"apus_trace\":1}, found {}"),
    ("{\"apus_trace\":1}", "without conversations"),
    ("{\"apus_trace\":1}\n[]", "line 2: expected an object, found []"),
    ("{\"apus_trace\":1}\n{\"arrival\":0}", "expected \"turns\" with 1 to 10000 objects, found nothing"),
    ("{\"apus_trace\":1}\n{\"arrival\":-1,\"turns\":[{\"prompt\":1,\"output\":1}]}", "\"arrival\" in seconds"),
    ("{\"apus_trace\":1}\n{\"arrival\":0,\"turns\":[{\"prompt\":0,\"output\":1}]}", "\"prompt\" from 1 to"),
    ("{\"apus_trace\":1}\n{\"arrival\":0,\"turns\":[{\"prompt\":1,\"output\":1,\"paus\":1}]}", "found \"paus\""),
    ("{\"apus_trace\":1}\n{\"arrival\":0,\"tenant\":1.5,\"turns\":[{\"prompt\":1,\"output\":1}]}", "\"tenant\" from 0"),
    ("{\"apus_trace\":1}\n{\"arrival\":0,\"prefix\":{\"id\":1},\"turns\":[{\"prompt\":1,\"output\":1}]}", "\"tokens\""),
    (
      "{\"apus_trace\":1}\n{\"arrival\":0,\"turns\":[{\"prompt\":16777216,\"output\":1}]}",
      "line 2: expected at most 16777216 tokens in all, found 16777217"
    ),
  ])
  func namesTheLineAtFault(_ text: String, _ expected: String) {
    let error = #expect(throws: WorkloadError.self) { try parse(text) }
    #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
  }

  /// Whatever is done to a file, it is read or refused.
  @Test func survivesBrokenFiles() throws {
    var recipe = TraceRecipe(conversations: 3, rate: 1)
    recipe.prefixes = 1
    recipe.turns = 2
    let bytes = Array(TraceFile.text(try recipe.make()).utf8)
    var random = SeededGenerator(seed: 7)
    var refused = 0
    for _ in 0..<1000 {
      var broken = bytes
      for _ in 0...Int.random(in: 0..<3, using: &random) {
        let place = Int.random(in: 0..<broken.count, using: &random)
        switch random.next() % 3 {
        case 0: broken[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: broken.remove(at: place)
        default: broken.insert(broken[Int.random(in: 0..<broken.count, using: &random)], at: place)
        }
      }
      do throws(WorkloadError) { _ = try TraceFile.parse(broken) } catch { refused += 1 }
    }
    #expect(refused > 300)
  }
}

@Suite struct TraceRecipeTests {
  @Test func theSameSeedMakesTheSameTrace() throws {
    var recipe = TraceRecipe(conversations: 100, rate: 5)
    recipe.prompt = .uniform(10...20)
    #expect(try recipe.make() == recipe.make())
    let first = try recipe.make()
    recipe.seed = 1
    #expect(try recipe.make() != first)
  }

  @Test func arrivalsHaveTheirRate() throws {
    var recipe = TraceRecipe(conversations: 20_000, rate: 50)
    let poisson = try recipe.make()
    #expect(abs(poisson.lastArrival - 400) < 15)
    // Gaps of a Poisson process have the standard deviation of their mean.
    let gaps = zip(poisson.conversations, poisson.conversations.dropFirst()).map { $1.arrival - $0.arrival }
    let mean = gaps.reduce(0, +) / Double(gaps.count)
    let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
    #expect(abs(variance.squareRoot() / mean - 1) < 0.05)
    recipe.arrivals = .fixed
    #expect(try recipe.make().conversations[100].arrival == 2)
    recipe.arrivals = .bursts
    recipe.burstSize = 40
    let bursts = try recipe.make().conversations
    #expect(bursts[39].arrival == 0 && bursts[40].arrival == 0.8 && bursts[79].arrival == 0.8)
  }

  @Test func lengthsHaveTheirMean() throws {
    var random = SeededGenerator(seed: 3)
    let skewed = (0..<20_000).map { _ in LengthDistribution.skewed(mean: 500).sample(&random) }
    let mean = Double(skewed.reduce(0, +)) / 20_000
    // Cutting the longest off takes a little of it.
    #expect((480...505).contains(mean), "\(mean)")
    #expect(skewed.sorted()[10_000] < 400)
    #expect(skewed.allSatisfy { $0 >= 1 && $0 <= 4000 })
    let uniform = (0..<2000).map { _ in LengthDistribution.uniform(5...7).sample(&random) }
    #expect(Set(uniform) == [5, 6, 7])
  }

  @Test(arguments: [("500", LengthDistribution.fixed(500)), ("1-9", .uniform(1...9)), ("~70", .skewed(mean: 70))])
  func readsLengths(_ text: String, _ expected: LengthDistribution) throws {
    #expect(try LengthDistribution(text) == expected)
  }

  @Test(arguments: ["", "0", "-5", "9-1", "~", "~1-2", "~~3", "1-2-3", "5000000", "x", " 5"])
  func refusesWhatIsNoLength(_ text: String) {
    #expect(throws: WorkloadError.self) { try LengthDistribution(text) }
  }

  @Test func tenantsShareInHalves() throws {
    var recipe = TraceRecipe(conversations: 10_000, rate: 1)
    recipe.tenants = 3
    let counts = Dictionary(grouping: try recipe.make().conversations, by: \.tenant).mapValues(\.count)
    #expect(abs((counts[0] ?? 0) - 5000) < 200)
    #expect(abs((counts[1] ?? 0) - 2500) < 200)
    #expect(abs((counts[2] ?? 0) - 2500) < 200)
  }

  @Test func refusesWhatCannotBe() {
    var recipe = TraceRecipe(conversations: 1, rate: 0)
    #expect(throws: WorkloadError.self) { try recipe.check() }
    recipe.rate = 1
    recipe.tenants = 0
    #expect(throws: WorkloadError.invalidOption(name: "tenants", expected: "1 to 64", found: "0")) {
      try recipe.check()
    }
  }
}
