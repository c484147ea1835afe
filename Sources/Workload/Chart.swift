import Foundation

/// A line chart as SVG.
struct Chart {
  /// How numbers are laid out along an axis.
  enum Scale {
    case linear
    /// By their logarithm; what is not above 0 is left out.
    case logarithmic
  }

  struct Line {
    let name: String
    let points: [(x: Double, y: Double)]
  }

  let title: String
  let xLabel: String
  let yLabel: String
  var xScale = Scale.linear
  let lines: [Line]

  private static let size = (width: 640.0, height: 300.0)
  private static let margin = (left: 64.0, right: 16.0, top: 32.0, bottom: 44.0)
  private static let colours = ["#1f6fb2", "#c4501b", "#2e8b57", "#7d3c98"]

  /// An `svg` element.
  var svg: String {
    let drawn = lines.map { line in
      Line(name: line.name, points: line.points.filter { xScale == .linear || $0.x > 0 })
    }
    let points = drawn.flatMap(\.points)
    let x = Axis(points.map(\.x), xScale, from: Self.margin.left, to: Self.size.width - Self.margin.right)
    let y = Axis(points.map(\.y) + [0], .linear, from: Self.size.height - Self.margin.bottom, to: Self.margin.top)
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(Self.size.width)) \(Int(Self.size.height))\""
        + " font-family=\"sans-serif\" font-size=\"12\" role=\"img\">",
      "<title>\(Self.escaped(title))</title>",
      text(title, x: Self.margin.left, y: 18, "font-weight=\"bold\""),
    ]
    for tick in y.ticks {
      let place = y.place(tick)
      parts.append(rule(Self.margin.left, place, Self.size.width - Self.margin.right, place))
      parts.append(text(Axis.label(tick), x: Self.margin.left - 6, y: place + 4, "text-anchor=\"end\""))
    }
    for tick in x.ticks {
      let place = x.place(tick)
      parts.append(rule(place, Self.margin.top, place, Self.size.height - Self.margin.bottom))
      parts.append(
        text(
          Axis.label(tick), x: place, y: Self.size.height - Self.margin.bottom + 16, "text-anchor=\"middle\""))
    }
    parts.append(
      text(xLabel, x: Self.size.width / 2, y: Self.size.height - 8, "text-anchor=\"middle\""))
    parts.append(
      text(
        yLabel, x: 14, y: Self.size.height / 2,
        "text-anchor=\"middle\" transform=\"rotate(-90 14 \(Int(Self.size.height / 2)))\""))
    for (index, line) in drawn.enumerated() {
      let colour = Self.colours[index % Self.colours.count]
      let path = line.points.map { "\(Self.rounded(x.place($0.x))),\(Self.rounded(y.place($0.y)))" }
      parts.append(
        "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.5\" points=\"\(path.joined(separator: " "))\"/>")
      if drawn.count > 1 {
        parts.append(
          text(
            line.name, x: Self.size.width - Self.margin.right - 4, y: Self.margin.top + 14 * Double(index + 1),
            "text-anchor=\"end\" fill=\"\(colour)\""))
      }
    }
    return parts.joined(separator: "\n") + "\n</svg>"
  }

  private func text(_ content: String, x: Double, y: Double, _ attributes: String) -> String {
    "<text x=\"\(Self.rounded(x))\" y=\"\(Self.rounded(y))\" \(attributes)>\(Self.escaped(content))</text>"
  }

  private func rule(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line x1=\"\(Self.rounded(x1))\" y1=\"\(Self.rounded(y1))\" x2=\"\(Self.rounded(x2))\""
      + " y2=\"\(Self.rounded(y2))\" stroke=\"#ddd\"/>"
  }

  private static func rounded(_ value: Double) -> String { String(format: "%.1f", value) }

  /// Text that can stand between tags and in attributes.
  static func escaped(_ text: String) -> String {
    text.reduce(into: "") { escaped, character in
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      default: escaped.append(character)
      }
    }
  }
}

/// Places of numbers on a line, and round numbers along it.
private struct Axis {
  private let scale: Chart.Scale
  private let low: Double
  private let high: Double
  private let start: Double
  private let end: Double
  let ticks: [Double]

  init(_ values: [Double], _ scale: Chart.Scale, from start: Double, to end: Double) {
    self.scale = scale
    self.start = start
    self.end = end
    let least = values.min() ?? 0
    let greatest = values.max() ?? 1
    switch scale {
    case .linear:
      // The width of a step is 1, 2 or 5 times a power of ten, so that there are four to ten of them.
      let span = greatest > least ? greatest - least : max(abs(greatest), 1)
      let power = pow(10, floor(log10(span / 4)))
      let step = power * ([5.0, 2.0].first { $0 * power * 4 <= span } ?? 1)
      let first = floor(least / step)
      let last = max(ceil(greatest / step), first + 1)
      (low, high) = (first * step, last * step)
      ticks = stride(from: first, through: last, by: 1).map { $0 * step }
    case .logarithmic:
      let first = floor(log10(values.isEmpty ? 1 : least))
      let last = max(first + 1, ceil(log10(values.isEmpty ? 10 : greatest)))
      (low, high) = (first, last)
      ticks = stride(from: first, through: last, by: 1).map { pow(10, $0) }
    }
  }

  func place(_ value: Double) -> Double {
    let coordinate = scale == .linear ? value : log10(value)
    return start + (coordinate - low) / (high - low) * (end - start)
  }

  static func label(_ value: Double) -> String { String(format: "%.6g", value) }
}
