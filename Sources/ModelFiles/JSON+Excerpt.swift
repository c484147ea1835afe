internal import JSON

extension JSON {
  /// The value as an error message shows it: compact, and cut where it is long.
  var excerpt: String {
    switch self {
    case .object(let members): return "an object of \(members.count) members"
    case .array(let elements) where elements.count > 8: return "an array of \(elements.count) elements"
    default:
      let text = serialized().unicodeScalars
      guard text.count > 80 else { return String(text) }
      var cut = String.UnicodeScalarView()
      cut.append(contentsOf: text.prefix(80))
      return String(cut) + "…"
    }
  }
}
