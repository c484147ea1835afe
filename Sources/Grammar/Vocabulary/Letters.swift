/// Characters by their first byte, in 64 groups, so that what characters a set of tokens is made of fits in a word.
/// A set of groups is a mask: bit g for group g.
enum Letters {
  /// What is not well-formed UTF-8, and texts of more than `mostCharacters`, are of this group alone.
  static let never: UInt64 = 1 << 63
  /// Characters in a token of letters, at most.
  static let mostCharacters = 32

  /// The group of each byte that begins a character; 63 for the others.
  static let groups: [UInt8] = (0...255).map { group(of: UInt8($0)) }

  /// The first bytes of each group's characters.
  static let members: [[UInt8]] = (0..<63).map { group in
    (0...255).map { UInt8($0) }.filter { groups[Int($0)] == group }
  }

  /// Small letters, and punctuation that grammars often tell apart, have a group each.
  private static func group(of byte: UInt8) -> UInt8 {
    if let place = Self.apart.firstIndex(of: byte) { return UInt8(place) }
    return switch byte {
    case 0x00..<0x20: 19
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7F: 20
    case 0x31...0x39: 21
    case 0x41...0x46: 22
    case 0x47...0x5A: 23
    case 0x61...0x7A: 24 + (byte - 0x61)
    case 0xC2: 50
    case 0xC3: 51
    case 0xC4...0xDF: 52
    case 0xE0...0xE3: 53 + (byte - 0xE0)
    case 0xE4...0xE9: 57
    case 0xEA...0xED: 58
    case 0xEE: 59
    case 0xEF: 60
    case 0xF0...0xF4: 61
    default: 63
    }
  }

  private static let apart = Array("\t\n\r \"\\/,:{}[].-+_@0".utf8)
}

/// Where in which of its characters a text ends, in UTF-8.
struct CharacterPosition: Hashable, Sendable {
  /// Characters begun.
  private(set) var characters = 0
  /// Bytes that the last of them lacks.
  private(set) var missing = 0
  /// Where `missing` is not 0, the bytes that may come next.
  private(set) var next: ClosedRange<UInt8> = 0x80...0xBF
  private(set) var isMalformed = false

  /// Whether the text ends with a whole character.
  var isBoundary: Bool { missing == 0 && !isMalformed }

  /// Goes on by a byte. The letter that it begins, as a mask of `Letters`; 0 within a character.
  mutating func read(_ byte: UInt8) -> UInt64 {
    guard !isMalformed else { return Letters.never }
    if missing > 0 {
      isMalformed = !next.contains(byte)
      missing -= 1
      next = 0x80...0xBF
      return isMalformed ? Letters.never : 0
    }
    characters += 1
    switch byte {
    case 0x00...0x7F: break
    case 0xC2...0xDF: missing = 1
    case 0xE0...0xEF:
      missing = 2
      next = (byte == 0xE0 ? 0xA0 : 0x80)...(byte == 0xED ? 0x9F : 0xBF)
    case 0xF0...0xF4:
      missing = 3
      next = (byte == 0xF0 ? 0x90 : 0x80)...(byte == 0xF4 ? 0x8F : 0xBF)
    default: isMalformed = true
    }
    guard !isMalformed, characters <= Letters.mostCharacters else { return Letters.never }
    return 1 << UInt64(Letters.groups[Int(byte)])
  }
}
