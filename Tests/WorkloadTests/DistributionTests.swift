import Foundation
import JSON
import Testing

@testable import Workload

@Suite struct DistributionTests {
  @Test func quantilesAreWithinABinOfTheSortedNumbers() {
    var random = SeededGenerator(seed: 1)
    let values = (0..<20_000).map { _ in exp(2 * random.normal()) * 1e-3 }
    var distribution = Distribution()
    for value in values { distribution.add(value) }
    let sorted = values.sorted()
    for share in [0.0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.9999, 1.0] {
      let rank = min(sorted.count, max(1, Int((share * Double(sorted.count)).rounded(.up))))
      let expected = sorted[rank - 1]
      #expect(abs(distribution.quantile(share) - expected) <= expected / 128)
    }
    #expect(abs(distribution.mean - values.reduce(0, +) / 20_000) < 1e-9 * distribution.sum)
    #expect(distribution.greatest == sorted.last)
    #expect(distribution.least == sorted.first)
  }

  @Test func countsStandForNumbers() {
    var one = Distribution()
    var other = Distribution()
    for _ in 0..<5 { one.add(0.25) }
    one.add(3)
    other.add(0.25, count: 5)
    other.add(3, count: 1)
    other.add(7, count: 0)
    #expect(one == other)
    #expect(one.count == 6)
    #expect(one.share(upTo: 0.3) == 5.0 / 6)
    #expect(one.share(upTo: 0) == 0)
  }

  @Test func hasNothingToSayOfNothing() {
    let nothing = Distribution()
    #expect(nothing.quantile(0.5) == 0)
    #expect(nothing.mean == 0)
    #expect(nothing.share(upTo: 1) == 0)
    #expect(nothing.cumulative.isEmpty)
  }

  @Test func takesEveryNumber() {
    var distribution = Distribution()
    for value in [0, -1, .infinity, .nan, 1e-300, 1e300, .greatestFiniteMagnitude] { distribution.add(value) }
    #expect(distribution.count == 7)
    #expect(distribution.least == 0)
    #expect(distribution.cumulative.last?.share == 1)
    #expect(distribution.cumulative.map(\.value) == distribution.cumulative.map(\.value).sorted())
  }
}

@Suite struct MeasurementsTests {
  private func record(
    sent: Double, first: Double, end: Double, tokens: Int, tenant: Int = 0
  ) -> RequestRecord {
    var record = RequestRecord(sent: sent, firstToken: first, end: end, outcome: .answered)
    record.promptTokens = 100
    record.cachedTokens = 64
    record.outputTokens = tokens
    record.tenant = tenant
    return record
  }

  @Test func addUp() {
    var measurements = Measurements(level: ServiceLevel(timeToFirstToken: 1, secondsPerToken: 0.1))
    measurements.add(record(sent: 0, first: 0.5, end: 1.5, tokens: 11))
    measurements.add(record(sent: 1, first: 2.5, end: 3, tokens: 11, tenant: 1))
    measurements.add(record(sent: 1, first: 1.5, end: 4, tokens: 11, tenant: 1))
    measurements.add(RequestRecord(sent: 2, end: 2, outcome: .refused("status 429")))
    measurements.add(RequestRecord(sent: 2, end: 8, outcome: .failed("reset")))
    #expect(measurements.requests == 5)
    #expect(measurements.answered == 3)
    // The second is late to begin, the third too slow.
    #expect(measurements.good == 1)
    #expect(measurements.rate(measurements.outputTokens) == 33.0 / 8)
    #expect(measurements.timeToFirstToken.greatest == 1.5)
    #expect(measurements.endToEnd.greatest == 3)
    #expect(measurements.cachedTokens == 192)
    #expect(measurements.json["prefilled_tokens"] == 108)
    #expect(measurements.json["refused"] == ["status 429": 1])
    #expect(measurements.json["ttft"]?["count"] == 3)
    #expect(measurements.json["tenants"]?["1"]?["answered"] == 2)
    #expect(measurements.text.contains("3 answered, 1 refused, 1 failed"))
  }

  @Test func draftsSaveSteps() {
    var measurements = Measurements()
    measurements.add(record(sent: 0, first: 1, end: 2, tokens: 10))
    #expect(measurements.acceptance == nil && measurements.tokensPerStep == 1)
    #expect(!measurements.text.contains("drafts"))
    var drafted = record(sent: 0, first: 1, end: 2, tokens: 10)
    (drafted.acceptedDrafts, drafted.rejectedDrafts) = (4, 12)
    measurements.add(drafted)
    #expect(measurements.acceptance == 0.25 && measurements.tokensPerStep == 1.25)
    #expect(measurements.json["rejected_draft_tokens"] == 12)
    #expect(measurements.text.contains("16 tokens guessed, 25.0% right: 1.25 tokens a step"))
  }

  @Test func fairnessIsOneForEqualsAndAShareForOneAlone() {
    var equal = Measurements()
    for tenant in 0..<4 { equal.add(record(sent: 0, first: 1, end: 2, tokens: 10, tenant: tenant)) }
    #expect(equal.fairness == 1)
    var unequal = Measurements()
    unequal.add(record(sent: 0, first: 1, end: 2, tokens: 10, tenant: 0))
    var nothing = record(sent: 0, first: 1, end: 2, tokens: 0, tenant: 1)
    nothing.cachedTokens = nothing.promptTokens
    unequal.add(nothing)
    #expect(unequal.fairness == 0.5)
  }

  @Test func timelineKeepsEverythingHoweverLongTheRun() {
    var measurements = Measurements()
    for second in stride(from: 0.0, to: 5000, by: 2.5) {
      measurements.add(record(sent: second, first: second + 0.5, end: second + 1, tokens: 3))
    }
    let timeline = measurements.timeline
    #expect(timeline.intervals.count <= 240)
    #expect(timeline.width == 32)
    #expect(timeline.intervals.reduce(0) { $0 + $1.outputTokens } == 6000)
    #expect(timeline.intervals.reduce(0) { $0 + $1.sent } == 2000)
  }
}
