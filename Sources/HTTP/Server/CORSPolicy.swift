import HTTPTypes

/// Which web pages may read the server's responses (WHATWG Fetch, section 3.3).
public struct CORSPolicy: Sendable, Hashable {
  /// The origins that are let in.
  public enum Origins: Sendable, Hashable {
    /// No page of another origin.
    case none
    /// Every page; credentials in cookies are not allowed with it.
    case any
    /// These origins, as browsers write them (`https://example.org`, no slash at the end), compared byte by byte.
    case listed(Set<String>)
  }

  /// The origins that are let in.
  public var origins: Origins
  /// Response header fields that pages may read beside the safelisted ones.
  public var exposedFields: [String] {
    didSet { exposedList = exposedFields.joined(separator: ", ") }
  }
  /// How long a browser may keep a preflight answer.
  public var maximumAge: Duration = .seconds(600)
  /// The same as the value of a field, which every response carries.
  private var exposedList: String

  /// Creates a policy; by default every page is let in.
  public init(origins: Origins = .any, exposedFields: [String] = ["X-Request-ID", "Retry-After"]) {
    self.origins = origins
    self.exposedFields = exposedFields
    exposedList = exposedFields.joined(separator: ", ")
  }

  /// Adds the fields that every response carries to one for a page of `origin`.
  func apply(to fields: inout HTTPFields, origin: String?) {
    guard let allowed = allowedOrigin(for: origin, varying: &fields) else { return }
    fields[.accessControlAllowOrigin] = allowed
    if !exposedList.isEmpty { fields[.accessControlExposeHeaders] = exposedList }
  }

  /// Adds the answer to a preflight (`OPTIONS` with `Access-Control-Request-Method`). `apply` adds the origin.
  ///
  /// The asked-for fields are echoed because a `*` would not cover `Authorization`.
  func applyPreflight(to fields: inout HTTPFields, request: HTTPFields, methods: String) {
    guard origins != .none else { return }
    fields[.accessControlAllowMethods] = methods
    if let requested = request[.accessControlRequestHeaders] {
      fields[.accessControlAllowHeaders] = requested
    }
    fields[.accessControlMaxAge] = String(maximumAge.components.seconds)
  }

  private func allowedOrigin(for origin: String?, varying fields: inout HTTPFields) -> String? {
    switch origins {
    case .none:
      return nil
    case .any:
      return "*"
    case .listed(let listed):
      fields.append(HTTPField(name: .vary, value: "Origin"))
      guard let origin, listed.contains(origin) else { return nil }
      return origin
    }
  }
}
