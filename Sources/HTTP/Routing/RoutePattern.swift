/// A path with placeholders: `{name}` matches one segment, `{name...}` at the end all that are left,
/// at least one.
struct RoutePattern: Sendable, Hashable {
  private enum Segment: Sendable, Hashable {
    case literal(String)
    case parameter(String)
    case rest(String)

    /// The more particular segment has the lower rank.
    var rank: Int {
      switch self {
      case .literal: 0
      case .parameter: 1
      case .rest: 2
      }
    }
  }

  private let segments: [Segment]

  /// Patterns are written in source code; a misprint is a programming error.
  init(_ pattern: String) {
    precondition(pattern.utf8.first == ASCII.slash, "the route \(pattern) does not start with /")
    let parts = Self.split(pattern)
    segments = parts.enumerated().map { index, part in
      guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
      let name = part.dropFirst().dropLast()
      guard name.hasSuffix("...") else { return .parameter(String(name)) }
      precondition(index == parts.count - 1, "{\(name)} must be the last segment of \(pattern)")
      return .rest(String(name.dropLast(3)))
    }
  }

  /// Whether this pattern is to be tried before `other` where both match.
  func isMoreParticular(than other: RoutePattern) -> Bool {
    segments.map(\.rank).lexicographicallyPrecedes(other.segments.map(\.rank))
  }

  /// What the placeholders match in `path`, a percent-encoded path, decoded; nil when the path is another.
  func match(_ path: String) -> [String: String]? {
    let parts = Self.split(path)
    var parameters: [String: String] = [:]
    for (index, segment) in segments.enumerated() {
      guard index < parts.count else { return nil }
      switch segment {
      case .literal(let text):
        guard PercentEncoding.decode(parts[index]) == text else { return nil }
      case .parameter(let name):
        guard !parts[index].isEmpty, let text = PercentEncoding.decode(parts[index]) else { return nil }
        parameters[name] = text
      case .rest(let name):
        let rest = parts[index].base[parts[index].startIndex...]
        guard !rest.isEmpty, let text = PercentEncoding.decode(rest) else { return nil }
        parameters[name] = text
        return parameters
      }
    }
    return parts.count == segments.count ? parameters : nil
  }

  /// The segments after the leading slash; the split is by bytes, before any decoding, so that an encoded slash
  /// does not separate.
  private static func split(_ path: String) -> [Substring] {
    path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
  }
}
