public import JSON

/// A run as one HTML file that needs nothing else: figures, charts, and the numbers as JSON.
public struct HTMLReport: Sendable {
  private let title: String
  private let measurements: Measurements
  private let details: JSON

  /// A report.
  ///
  /// - Parameter details: all that is to be kept of the run.
  public init(title: String, _ measurements: Measurements, details: JSON) {
    self.title = title
    self.measurements = measurements
    self.details = details
  }

  /// The file's text.
  public var html: String {
    """
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <title>\(Chart.escaped(title))</title>
    <style>
    body { font-family: sans-serif; max-width: 720px; margin: 2em auto; padding: 0 1em; }
    pre { overflow-x: auto; }
    </style>
    <h1>\(Chart.escaped(title))</h1>
    <pre>\(Chart.escaped(measurements.text))</pre>
    \(charts.map(\.svg).joined(separator: "\n"))
    <details><summary>As JSON</summary>
    <pre>\(Chart.escaped(details.serialized(.indented(2))))</pre>
    </details>
    </html>

    """
  }

  /// The charts, as files of their own would have them: name and SVG.
  public var svgs: [(name: String, svg: String)] {
    zip(["first-token", "between-tokens", "throughput", "waiting"], charts.map(\.svg)).map { ($0, $1) }
  }

  private var charts: [Chart] {
    let timeline = measurements.timeline
    let starts = timeline.intervals.indices.map { Double($0) * timeline.width }
    return [
      cumulative("Time to the first token", measurements.timeToFirstToken),
      cumulative("Time between tokens", measurements.interToken),
      Chart(
        title: "Throughput", xLabel: "seconds", yLabel: "tokens a second",
        lines: [
          Chart.Line(
            name: "tokens of replies, when they end",
            points: zip(starts, timeline.intervals).map { ($0, Double($1.outputTokens) / timeline.width) })
        ]),
      Chart(
        title: "Time to the first token, over the run", xLabel: "seconds", yLabel: "seconds",
        lines: [
          Chart.Line(
            name: "mean",
            points: zip(starts, timeline.intervals).compactMap { start, interval in
              interval.sent == 0 ? nil : (start, interval.timeToFirstToken / Double(interval.sent))
            })
        ]),
    ]
  }

  private func cumulative(_ title: String, _ distribution: Distribution) -> Chart {
    Chart(
      title: title, xLabel: "milliseconds", yLabel: "share", xScale: .logarithmic,
      lines: [
        Chart.Line(name: title, points: distribution.cumulative.map { ($0.value * 1000, $0.share) })
      ])
  }
}
