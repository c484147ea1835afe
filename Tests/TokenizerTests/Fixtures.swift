import Foundation
import JSON
import Testing

@testable import Tokenizer

/// The files that Tools/tokenizer/make_fixtures.py wrote.
enum Fixtures {
  static func reduced() throws -> JSON { try json("reduced") }

  /// Made once, as that takes a while in a debug build.
  static let unicode = UnicodeTables()

  static func cases() throws -> JSON { try json("cases") }

  private static func json(_ name: String) throws -> JSON {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"))
    return try JSON(parsing: [UInt8](Data(contentsOf: url)))
  }
}

extension JSON {
  /// The value with another one at a dotted path, or without the member there.
  func replacing(_ path: String, with replacement: JSON?) -> JSON {
    guard let key = path.split(separator: ".").first.map(String.init) else { return replacement ?? .null }
    let rest = String(path.dropFirst(key.count + 1))
    if case .array(var elements) = self, let index = Int(key), elements.indices.contains(index) {
      elements[index] = elements[index].replacing(rest, with: replacement)
      return .array(elements)
    }
    guard case .object(var object) = self else { return self }
    object[key] = rest.isEmpty ? replacement : (object[key] ?? [:]).replacing(rest, with: replacement)
    return .object(object)
  }

  /// The ids in an array.
  var ids: [Int32] { (arrayValue ?? []).compactMap { $0.intValue.map(Int32.init) } }
}

extension Tokenizer {
  init(_ definition: JSON) throws(TokenizerError) {
    var bytes: [UInt8] = []
    definition.append(to: &bytes)
    try self.init(tokenizerJSON: bytes, unicode: Fixtures.unicode)
  }

  /// The reduced vocabulary, with other added tokens if given.
  static func reduced(added: [JSON]? = nil) throws -> Tokenizer {
    let definition = try Fixtures.reduced()
    return try Tokenizer(added.map { definition.replacing("added_tokens", with: .array($0)) } ?? definition)
  }

  /// A tokenizer with all bytes (the id of a byte is the byte) and the given merges of spelled tokens.
  static func bytes(merges: [(String, String)], ignoresMerges: Bool = false) throws -> Tokenizer {
    var vocabulary = JSONObject()
    for byte in 0...255 { vocabulary[ByteAlphabet.text(of: [UInt8(byte)])] = .integer(byte) }
    for (left, right) in merges where vocabulary[left + right] == nil {
      vocabulary[left + right] = .integer(vocabulary.count)
    }
    return try Tokenizer(
      Fixtures.reduced()
        .replacing("model.vocab", with: .object(vocabulary))
        .replacing("model.merges", with: .array(merges.map { [.string($0), .string($1)] }))
        .replacing("model.ignore_merges", with: .bool(ignoresMerges))
        .replacing("added_tokens", with: []))
  }
}

/// Deterministic random numbers (SplitMix64).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
