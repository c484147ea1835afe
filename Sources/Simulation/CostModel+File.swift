public import JSON

/// A cost model that cannot be read or made.
public enum CostModelError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A member is missing or out of range.
  case badMember(name: String, expected: String, found: String)
  /// Measurements that a fit needs are not there.
  case missingMeasurement(String)

  /// One sentence, with the name.
  public var description: String {
    switch self {
    case .badMember(let name, let expected, let found): "\"\(name)\": expected \(expected), found \(found)"
    case .missingMeasurement(let what): "no cost model can be fitted without \(what)"
    }
  }
}

extension CostModel {
  /// Points a table may have.
  private static let tableLimit = 1024

  /// Reads what `json` has written. Costs that are left out are zero; unknown members are refused, but for `notes`.
  public init(_ json: JSON) throws(CostModelError) {
    guard let members = json.objectValue else {
      throw .badMember(name: "cost model", expected: "an object", found: json.kindName)
    }
    let known = Self.named.map(\.name) + ["tokens", "notes"]
    for key in members.keys where !known.contains(key) {
      throw .badMember(name: key, expected: "one of \(known.joined(separator: ", "))", found: "this name")
    }
    guard let table = members["tokens"]?.arrayValue, (1...Self.tableLimit).contains(table.count) else {
      throw .badMember(
        name: "tokens", expected: "1 to \(Self.tableLimit) pairs of tokens and seconds",
        found: members["tokens"]?.kindName ?? "nothing")
    }
    var points: [TokenCost] = []
    for entry in table {
      guard let pair = entry.arrayValue, pair.count == 2, let tokens = pair[0].intValue,
        (1...1 << 24).contains(tokens), let seconds = pair[1].doubleValue, (0...1e6).contains(seconds),
        tokens > points.last?.tokens ?? 0
      else {
        throw .badMember(
          name: "tokens", expected: "pairs [tokens, seconds] with ascending tokens", found: entry.serialized())
      }
      points.append(TokenCost(tokens: tokens, seconds: seconds))
    }
    self.init(tokens: points)
    for (name, path) in Self.named {
      guard let value = members[name] else { continue }
      guard let seconds = value.doubleValue, (0...1e6).contains(seconds) else {
        throw .badMember(name: name, expected: "seconds, 0 or more", found: value.serialized())
      }
      self[keyPath: path] = seconds
    }
  }

  /// An object that `init` reads.
  ///
  /// - Parameter notes: where the numbers come from, for people.
  public func json(notes: JSON = .null) -> JSON {
    var members: JSONObject = [
      "tokens": .array(tokens.map { [.integer($0.tokens), .double($0.seconds)] })
    ]
    for (name, path) in Self.named { members[name] = .double(self[keyPath: path]) }
    if !notes.isNull { members["notes"] = notes }
    return .object(members)
  }
}
