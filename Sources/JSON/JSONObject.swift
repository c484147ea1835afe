/// The members of a JSON object, in the order in which they were written.
///
/// Keys compare by UTF-8 bytes. A later duplicate replaces the value and keeps the first one's place, as
/// Python's `dict` does. Small objects are searched from the front; larger ones carry a hash index.
public struct JSONObject: Sendable {
  /// A member: its key and its value.
  public typealias Element = (key: String, value: JSON)

  private var members: [Element] = []
  private var index: [ByteKey: Int]?

  /// From this many members on, a hash index pays for itself.
  private static let indexThreshold = 16

  /// An object without members.
  public init() {}

  /// The given members; of two with one key, the later value wins.
  public init(_ members: some Sequence<(String, JSON)>) {
    self.members.reserveCapacity(members.underestimatedCount)
    for (key, value) in members { self[key] = value }
  }

  /// The number of members.
  public var count: Int { members.count }

  /// Whether there are no members.
  public var isEmpty: Bool { members.isEmpty }

  /// The keys, in order.
  public var keys: [String] { members.map(\.key) }

  /// The values, in order of their keys.
  public var values: [JSON] { members.map(\.value) }

  /// The value of `key`. Setting an existing key keeps its place, a new one goes to the end, and nil removes.
  public subscript(key: String) -> JSON? {
    get { position(of: key).map { members[$0].value } }
    set {
      guard let newValue else {
        removeValue(forKey: key)
        return
      }
      if let position = position(of: key) {
        members[position].value = newValue
      } else {
        append(key: key, value: newValue)
      }
    }
  }

  /// Removes the member called `key` and returns its value, or nil where there is none.
  @discardableResult
  public mutating func removeValue(forKey key: String) -> JSON? {
    guard let position = position(of: key) else { return nil }
    let removed = members.remove(at: position)
    if index != nil { rebuildIndex() }
    return removed.value
  }

  private func position(of key: String) -> Int? {
    if let index { return index[ByteKey(key)] }
    return members.firstIndex { $0.key.hasSameBytes(as: key) }
  }

  private mutating func append(key: String, value: JSON) {
    members.append((key, value))
    if index != nil {
      index?[ByteKey(key)] = members.count - 1
    } else if members.count > Self.indexThreshold {
      rebuildIndex()
    }
  }

  private mutating func rebuildIndex() {
    guard members.count > Self.indexThreshold else {
      index = nil
      return
    }
    var rebuilt = [ByteKey: Int](minimumCapacity: members.count * 2)
    for (position, member) in members.enumerated() { rebuilt[ByteKey(member.key)] = position }
    index = rebuilt
  }
}

extension JSONObject: Sequence {
  /// Goes through the members in order.
  public func makeIterator() -> IndexingIterator<[Element]> { members.makeIterator() }

  /// Equals `count`.
  public var underestimatedCount: Int { members.count }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// The members of the literal; of two with one key, the later value wins.
  public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }
}

extension JSONObject: Hashable {
  /// The same keys with the same values, in any order.
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
  }

  /// Hashes in agreement with `==`.
  public func hash(into hasher: inout Hasher) {
    // A sum does not depend on the order of the members.
    var sum = 0
    for member in members {
      var memberHasher = Hasher()
      memberHasher.combine(ByteKey(member.key))
      memberHasher.combine(member.value)
      sum &+= memberHasher.finalize()
    }
    hasher.combine(count)
    hasher.combine(sum)
  }
}
