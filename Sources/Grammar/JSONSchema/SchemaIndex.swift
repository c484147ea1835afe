import JSON

/// The schemas within a schema, found by place. Places are read when something refers to them.
struct SchemaIndex {
  /// One schema.
  struct Node {
    /// An object or a truth value.
    let value: JSON
    /// Its place, after `#`.
    let pointer: String
    /// The URI that references in it are resolved against.
    let base: String
    /// The draft whose rules it follows.
    let dialect: SchemaDialect
  }

  /// The schemas read so far. Their positions are their identities; 0 is the whole.
  private(set) var nodes: [Node] = []
  private var positions: [String: Int] = [:]
  private let document: JSON
  private let limits: JSONSchemaLimits
  /// The places of schemas with an `$id`, by absolute URI, and of anchors, by URI and name.
  private var resources: [String: String] = [:]
  private var anchors: [String: String] = [:]
  private var bases: [String: String] = [:]

  /// Reads nothing but `$schema`, `$id` and `$anchor`.
  init(_ document: JSON, limits: JSONSchemaLimits) throws(JSONSchemaError) {
    self.document = document
    self.limits = limits
    dialect = .draft202012
    if let uri = document["$schema"] {
      let place = "#/$schema"
      guard let text = uri.stringValue, let known = SchemaDialect(uri: text) else {
        throw JSONSchemaError(
          .invalid(expected: "the URI of draft 2020-12, 2019-09, 7 or 6, or no \"$schema\" at all"), at: place)
      }
      dialect = known
    }
    resources[""] = ""
    try collect(document, at: "", base: "")
    _ = try node(document, at: "", base: bases[""] ?? "")
  }

  private var dialect: SchemaDialect

  // MARK: - Names

  /// Notes `$id` and `$anchor` of every schema that stands where schemas stand.
  private mutating func collect(_ schema: JSON, at pointer: String, base: String) throws(JSONSchemaError) {
    var pending: [(value: JSON, pointer: String, base: String, depth: Int)] = [(schema, pointer, base, 0)]
    var count = 0
    while let (value, pointer, outer, depth) = pending.popLast() {
      guard case .object(let members) = value else { continue }
      count += 1
      guard count <= limits.schemas else {
        throw JSONSchemaError(.tooLarge(what: "schemas", limit: limits.schemas), at: "#" + pointer)
      }
      guard depth <= limits.depth else {
        throw JSONSchemaError(.tooLarge(what: "levels", limit: limits.depth), at: "#" + pointer)
      }
      var base = outer
      // Up to draft 7, nothing beside `$ref` counts.
      let isReference = dialect == .draft7 && members["$ref"] != nil
      if !isReference, let id = members["$id"]?.stringValue {
        let reference = SchemaReference(id)
        base = reference.resolved(against: outer)
        if reference.resource.isEmpty, let name = reference.fragment, !name.isEmpty {
          // Up to draft 7, a fragment alone is an anchor.
          anchors[base + "#" + name] = pointer
        } else if resources[base] == nil || pointer.isEmpty {
          resources[base] = pointer
        }
      }
      bases[pointer] = base
      if let name = members["$anchor"]?.stringValue { anchors[base + "#" + name] = pointer }

      for (key, member) in members {
        let place = JSONPointer.appending(key, to: pointer)
        switch member {
        case .object(let inner) where SchemaKeywords.schemaMaps.contains(key):
          for (name, schema) in inner {
            pending.append((schema, JSONPointer.appending(name, to: place), base, depth + 1))
          }
        case .object where SchemaKeywords.schemas.contains(key):
          pending.append((member, place, base, depth + 1))
        case .array(let elements) where SchemaKeywords.schemaLists.contains(key):
          for (index, schema) in elements.enumerated() {
            pending.append((schema, "\(place)/\(index)", base, depth + 1))
          }
        default: break
        }
      }
    }
  }

  // MARK: - Places

  /// The identity of the schema `value`, which stands at `pointer`.
  private mutating func node(_ value: JSON, at pointer: String, base: String) throws(JSONSchemaError) -> Int {
    if let known = positions[pointer] { return known }
    switch value {
    case .object, .bool: break
    default: throw JSONSchemaError(.invalid(expected: "a schema: an object, true or false"), at: "#" + pointer)
    }
    guard nodes.count < limits.schemas else {
      throw JSONSchemaError(.tooLarge(what: "schemas", limit: limits.schemas), at: "#" + pointer)
    }
    nodes.append(Node(value: value, pointer: pointer, base: bases[pointer] ?? base, dialect: dialect))
    positions[pointer] = nodes.count - 1
    return nodes.count - 1
  }

  /// The identity of the schema `value` that stands in `parent`, at the end of `path`.
  mutating func child(_ value: JSON, of parent: Int, at path: String...) throws(JSONSchemaError) -> Int {
    var pointer = nodes[parent].pointer
    for token in path { pointer = JSONPointer.appending(token, to: pointer) }
    return try node(value, at: pointer, base: nodes[parent].base)
  }

  /// The identity of the schema that `$ref` in `parent` refers to.
  mutating func target(of text: String, in parent: Int) throws(JSONSchemaError) -> Int {
    let place = "#" + JSONPointer.appending("$ref", to: nodes[parent].pointer)
    let failure = JSONSchemaError(.unresolvedReference(text), at: place)
    let reference = SchemaReference(text)
    let resource = reference.resolved(against: nodes[parent].base)
    guard let fragment = reference.fragment else { throw failure }
    if let anchor = anchors[resource + "#" + fragment] { return try node(at: anchor, else: failure) }
    guard let root = resources[resource], fragment.isEmpty || fragment.hasPrefix("/") else { throw failure }
    return try node(at: root + fragment, else: failure)
  }

  private mutating func node(at pointer: String, else failure: JSONSchemaError) throws(JSONSchemaError) -> Int {
    guard let tokens = JSONPointer.tokens(of: pointer) else { throw failure }
    var value = document
    var place = ""
    var base = bases[""] ?? ""
    for token in tokens {
      guard let element = JSONPointer.element(token, of: value) else { throw failure }
      value = element
      place = JSONPointer.appending(token, to: place)
      base = bases[place] ?? base
    }
    return try node(value, at: place, base: base)
  }
}
