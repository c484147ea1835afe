import Metrics
import Testing

@Suite struct ExpositionTests {
  private func text(_ registry: MetricRegistry) -> String { String(decoding: registry.exposition(), as: UTF8.self) }

  @Test func writesEveryKind() {
    let registry = MetricRegistry()
    let counter = Counter()
    counter.add()
    counter.add(2)
    counter.add(-5)
    registry.add("a_total", "Counts \\ and\nmore.", .counter(counter))
    registry.add("b", "A value.", labels: [("model", "x\"y\\z\n")], .gauge { 0.5 })
    registry.add("b", "A value.", labels: [("model", "other")], .gauge { nil })
    registry.add("c_total", "Kept elsewhere.", .total { 3 })
    #expect(
      text(registry) == """
        # HELP a_total Counts \\\\ and\\nmore.
        # TYPE a_total counter
        a_total 3
        # HELP b A value.
        # TYPE b gauge
        b{model="x\\"y\\\\z\\n"} 0.5
        # HELP c_total Kept elsewhere.
        # TYPE c_total counter
        c_total 3

        """)
  }

  @Test func bucketsAreCumulative() {
    let histogram = Histogram(bounds: [0.5, 1, 2])
    for value in [0.25, 0.5, 1.5, 9, .nan, .infinity] { histogram.observe(value) }
    histogram.observe(2, count: 2)
    histogram.observe(2, count: 0)
    let registry = MetricRegistry()
    registry.add("h_seconds", "A distribution.", labels: [("m", "n")], .histogram(histogram))
    #expect(
      text(registry).split(separator: "\n").dropFirst(2) == [
        "h_seconds_bucket{m=\"n\",le=\"0.5\"} 2", "h_seconds_bucket{m=\"n\",le=\"1\"} 2",
        "h_seconds_bucket{m=\"n\",le=\"2\"} 5", "h_seconds_bucket{m=\"n\",le=\"+Inf\"} 6",
        "h_seconds_sum{m=\"n\"} 15.25", "h_seconds_count{m=\"n\"} 6",
      ])
  }

  @Test func aFamilyHasAtMostSoManyCounters() {
    let family = CounterFamily(labels: ["code"], limit: 2)
    for code in ["200", "404", "500", "501", "200"] { family.add(1, [code]) }
    #expect(family.totals.map(\.values) == [["200"], ["404"], ["other"]])
    #expect(family.totals.map(\.total) == [2, 1, 2])
  }

  @Test func countersAddUpAcrossTasks() async {
    let (counter, histogram) = (Counter(), Histogram(bounds: [1]))
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1000 {
            counter.add()
            histogram.observe(1)
          }
        }
      }
    }
    #expect(counter.total == 8000)
    #expect(histogram.snapshot.cumulativeCounts == [8000, 8000])
    #expect(histogram.snapshot.sum == 8000)
  }

  @Test func tellsOfTheProcess() throws {
    let registry = MetricRegistry()
    ProcessMetrics.add(to: registry)
    let lines = text(registry).split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(lines.count == 6)
    for line in lines { #expect(try #require(Double(line.split(separator: " ")[1])) > 0, "\(line)") }
  }
}
