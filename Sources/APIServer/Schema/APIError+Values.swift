import JSON

/// What a value that breaks its schema's bounds is answered with.
extension APIError {
  static func notAmong(_ choices: [String], _ place: String, found: String) -> APIError {
    let list = choices.map { "'\($0)'" }.joined(separator: ", ")
    return .wrongValue(
      place, "'\(place)' must be \(choices.count == 1 ? "" : "one of ")\(list), but is '\(found.excerpt)'.")
  }

  static func outside(_ range: ClosedRange<Int>, _ place: String) -> APIError {
    let bounds =
      switch (range.lowerBound, range.upperBound) {
      case (.min, .max): "of 64 bits"
      case (let lowest, .max): "of at least \(lowest)"
      case (let lowest, let highest): "from \(lowest) to \(highest)"
      }
    return .wrongValue(place, "'\(place)' must be an integer \(bounds).")
  }

  static func outside(_ range: ClosedRange<Double>, _ place: String, found: Double) -> APIError {
    .wrongValue(
      place,
      "'\(place)' must be a number from \(JSON.double(range.lowerBound)) to \(JSON.double(range.upperBound)), "
        + "but is \(found).")
  }

  static func wrongCount(_ place: String, _ counts: ClosedRange<Int>, found: Int) -> APIError {
    let bounds =
      counts.upperBound == .max
      ? "at least \(counts.lowerBound)" : "\(counts.lowerBound) to \(counts.upperBound)"
    return .wrongValue(place, "'\(place)' must have \(bounds) elements, but has \(found).")
  }
}
