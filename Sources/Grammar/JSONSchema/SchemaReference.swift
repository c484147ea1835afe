/// URI references as `$id` and `$ref` use them (RFC 3986, section 5.2), without the fragment.
struct SchemaReference {
  /// Everything before `#`.
  let resource: String
  /// Everything after `#`, percent-decoded; empty where there is none. Nil where the escapes are malformed.
  let fragment: String?

  init(_ text: String) {
    let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    resource = parts.first.map(String.init) ?? ""
    fragment = parts.count > 1 ? Self.percentDecoded(parts[1]) : ""
  }

  /// The absolute form of the resource, seen from `base`.
  func resolved(against base: String) -> String {
    if resource.isEmpty { return base }
    let target = Components(resource)
    if target.scheme != nil { return resource }
    var result = Components(base)
    if target.authority != nil {
      result.authority = target.authority
      result.path = target.path
    } else if target.path.hasPrefix("/") {
      result.path = target.path
    } else {
      let folder = result.path.lastIndex(of: "/").map { result.path[...$0] } ?? ""
      result.path = Self.withoutDotSegments(folder + target.path)
    }
    return result.text
  }

  private static func withoutDotSegments(_ path: String) -> String {
    var kept: [Substring] = []
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      switch segment {
      case ".": if isLast { kept.append("") }
      case "..":
        if kept.count > 1 { kept.removeLast() }
        if isLast { kept.append("") }
      default: kept.append(segment)
      }
    }
    return kept.joined(separator: "/")
  }

  private static func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
        return nil
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

/// The parts of a URI that resolving touches.
private struct Components {
  var scheme: String?
  var authority: String?
  /// Path and query.
  var path: String

  init(_ text: String) {
    var rest = text[...]
    if let colon = rest.firstIndex(of: ":"), !rest[..<colon].contains(where: { "/?".contains($0) }),
      colon > rest.startIndex
    {
      scheme = String(rest[..<colon])
      rest = rest[rest.index(after: colon)...]
    }
    if rest.hasPrefix("//") {
      rest = rest.dropFirst(2)
      let end = rest.firstIndex(of: "/") ?? rest.endIndex
      authority = String(rest[..<end])
      rest = rest[end...]
    }
    path = String(rest)
  }

  var text: String { (scheme.map { $0 + ":" } ?? "") + (authority.map { "//" + $0 } ?? "") + path }
}
