/// A string that hashes and compares by its UTF-8 bytes.
struct ByteKey: Hashable {
  private let text: String

  init(_ text: String) { self.text = text }

  static func == (left: ByteKey, right: ByteKey) -> Bool { left.text.hasSameBytes(as: right.text) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension String {
  /// Whether both strings hold the same UTF-8 bytes. `==` also accepts canonically equivalent ones.
  func hasSameBytes(as other: String) -> Bool {
    // Equal lengths and canonical inequality settle most comparisons without looking at every byte.
    guard utf8.count == other.utf8.count, self == other else { return false }
    return utf8.elementsEqual(other.utf8)
  }
}
