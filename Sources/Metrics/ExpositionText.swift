/// Prometheus' text format 0.0.4: lines of `name{label="value",…} number` below two lines about the metric.
struct ExpositionText {
  private(set) var bytes: [UInt8] = []

  mutating func begin(_ name: String, _ kind: String, help: String) {
    let help = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    bytes += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n".utf8
  }

  mutating func append(_ name: String, _ labels: [(String, String)], _ source: MetricSource) {
    switch source {
    case .counter(let counter): line(name, labels, "\(counter.total)")
    case .total(let read): line(name, labels, Self.number(read()))
    case .gauge(let read):
      if let value = read() { line(name, labels, Self.number(value)) }
    case .information(let read):
      if let more = read() { line(name, labels + more, "1") }
    case .counters(let family):
      for (values, total) in family.totals { line(name, labels + zip(family.labelNames, values), "\(total)") }
    case .histogram(let histogram):
      let snapshot = histogram.snapshot
      for (bound, count) in zip(histogram.bounds + [.infinity], snapshot.cumulativeCounts) {
        line("\(name)_bucket", labels + [("le", Self.number(bound))], "\(count)")
      }
      line("\(name)_sum", labels, Self.number(snapshot.sum))
      line("\(name)_count", labels, "\(snapshot.count)")
    }
  }

  private mutating func line(_ name: String, _ labels: [(String, String)], _ value: String) {
    bytes += name.utf8
    if !labels.isEmpty {
      let list = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
      bytes += "{\(list)}".utf8
    }
    bytes += " \(value)\n".utf8
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  /// A whole number without a fraction, any other as Swift writes it, which reads back as the same.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return Int(exactly: value).map { "\($0)" } ?? "\(value)"
  }
}
