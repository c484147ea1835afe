/// Writes the places of unknown fields as the value of a header field.
enum IgnoredFields {
  private static let longest = 1024

  /// The places, separated by commas, with everything else than printable ASCII replaced; cut where it gets long.
  static func headerValue(_ places: [String]) -> String {
    var value = ""
    for place in places {
      let name = place.loggable
      guard value.utf8.count + name.utf8.count + 2 <= longest else { return value + ", ..." }
      value += (value.isEmpty ? "" : ", ") + name
    }
    return value
  }
}
