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
    let parts = RoutePath(pattern).segments
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

  /// What the placeholders match in a path, decoded; nil when the path is another.
  func match(_ path: RoutePath) -> [String: String]? {
    guard path.segments.count >= segments.count else { return nil }
    var parameters: [String: String] = [:]
    for (index, segment) in segments.enumerated() {
      switch segment {
      case .literal(let text):
        guard path.decoded[index] == text else { return nil }
      case .parameter(let name):
        guard let text = path.decoded[index], !text.isEmpty else { return nil }
        parameters[name] = text
      case .rest(let name):
        guard let text = path.rest(from: index), !text.isEmpty else { return nil }
        parameters[name] = text
        return parameters
      }
    }
    return path.segments.count == segments.count ? parameters : nil
  }
}

/// The path of a request, taken apart once for all patterns it is held against.
struct RoutePath {
  /// The segments after the leading slash, percent-encoded. The split is by bytes, before any decoding, so that an encoded
  /// slash does not separate.
  let segments: [Substring]
  /// What they stand for; nil for one that stands for nothing.
  let decoded: [String?]

  init(_ path: String) {
    segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    decoded = segments.map(PercentEncoding.decode)
  }

  /// What all segments from one on stand for.
  func rest(from index: Int) -> String? { PercentEncoding.decode(segments[index].base[segments[index].startIndex...]) }
}
