import Synchronization

/// Where the numbers of one metric come from. A closure is called whenever the metric is asked for.
public enum MetricSource: Sendable {
  /// A total.
  case counter(Counter)
  /// Totals by the values of labels.
  case counters(CounterFamily)
  /// A total that is kept elsewhere.
  case total(@Sendable () -> Double)
  /// A value that goes up and down; nil where there is none at the moment.
  case gauge(@Sendable () -> Double?)
  /// Further labels that tell something; nil where there is nothing to tell at the moment.
  case information(@Sendable () -> [(String, String)]?)
  /// A distribution.
  case histogram(Histogram)

  /// The name of the kind in the exposition.
  var kind: String {
    switch self {
    case .counter, .counters, .total: "counter"
    case .gauge, .information: "gauge"
    case .histogram: "histogram"
    }
  }
}

/// All metrics of a process, written out in Prometheus' text format 0.0.4.
public final class MetricRegistry: Sendable {
  /// A metric of one name: one series, or several that differ in their labels.
  private struct Family: Sendable {
    let name: String
    let help: String
    let kind: String
    var series: [(labels: [(String, String)], source: MetricSource)]
  }

  /// The media type of what `exposition` returns.
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private let families = Mutex<[Family]>([])

  /// A registry without metrics.
  public init() {}

  /// Adds a metric, or one more series to the metric of that name. A series with the same labels takes the place of the
  /// earlier one.
  /// - Parameters:
  ///   - name: as it is written out; of counters with `_total` at its end.
  ///   - help: what it counts, in one line.
  ///   - labels: tell series of one name apart.
  public func add(_ name: String, _ help: String, labels: [(String, String)] = [], _ source: MetricSource) {
    precondition(Self.isValid(name), "\(name) is no name of a metric")
    families.withLock { families in
      guard let index = families.firstIndex(where: { $0.name == name }) else {
        families.append(Family(name: name, help: help, kind: source.kind, series: [(labels, source)]))
        return
      }
      precondition(families[index].kind == source.kind, "\(name) is a \(families[index].kind)")
      families[index].series.removeAll { series in
        series.labels.elementsEqual(labels) { $0 == $1 }
      }
      families[index].series.append((labels, source))
    }
  }

  /// Letters, digits, underscores and colons, no digit first.
  private static func isValid(_ name: String) -> Bool {
    let isWord = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
        true
      default: false
      }
    }
    return isWord && name.utf8.first.map { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
  }

  /// All metrics with their present values.
  public func exposition() -> [UInt8] {
    var text = ExpositionText()
    for family in families.withLock({ $0 }) {
      text.begin(family.name, family.kind, help: family.help)
      for series in family.series { text.append(family.name, series.labels, series.source) }
    }
    return text.bytes
  }
}
