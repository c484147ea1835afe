import JSON
import Testing

@testable import Workload

@Suite struct ReportTests {
  private var measurements: Measurements {
    var measurements = Measurements()
    for index in 1...200 {
      let sent = Double(index)
      var record = RequestRecord(
        sent: sent, firstToken: sent + 0.01 * Double(index), end: sent + 4, outcome: .answered)
      record.outputTokens = 50
      measurements.add(record)
      measurements.addGap(0.02 + 0.0001 * Double(index), count: 49)
    }
    measurements.add(RequestRecord(sent: 201, end: 202, outcome: .failed("<script>&\"")))
    return measurements
  }

  @Test func escapesWhatItIsGiven() throws {
    let report = HTMLReport(title: "a <b> & c", measurements, details: ["note": "</pre>"])
    for (name, svg) in report.svgs {
      #expect(svg.contains("<polyline"), "\(name)")
      #expect(!svg.contains("nan") && !svg.contains("inf"))
    }
    #expect(report.html.contains("<title>a &lt;b&gt; &amp; c</title>"))
    #expect(!report.html.contains("<script>"))
    #expect(report.html.contains("&lt;/pre&gt;"))
  }

  @Test func drawsEmptyRuns() {
    for (_, svg) in HTMLReport(title: "nothing", Measurements(), details: [:]).svgs {
      #expect(svg.hasSuffix("</svg>"))
      #expect(!svg.contains("nan") && !svg.contains("inf"))
    }
  }

  @Test func linesEndWhereTheirNumbersDo() throws {
    let chart = Chart(
      title: "t", xLabel: "x", yLabel: "y", lines: [Chart.Line(name: "n", points: [(0, 0), (10, 1), (20, 2)])])
    let points = try #require(chart.svg.split(separator: "points=\"").last?.split(separator: "\"").first)
    // The plot spans 64 to 624 across, and 256 up to 32.
    #expect(points == "64.0,256.0 344.0,144.0 624.0,32.0")
  }
}
