/// The one-to-one mapping of bytes to printable characters in which byte-level vocabularies are written (from GPT-2):
/// printable Latin-1 stands for itself, every other byte for one of U+0100 to U+0143 in order.
enum ByteAlphabet {
  /// The bytes that `text` spells, or nil where a character of it is not in the alphabet.
  static func bytes(of text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    return append(text, to: &bytes) ? bytes : nil
  }

  /// Appends the bytes that `text` spells. Where a character is not in the alphabet, stops there and returns false.
  static func append(_ text: String, to bytes: inout [UInt8]) -> Bool {
    for scalar in text.unicodeScalars {
      guard let byte = byte(of: scalar.value) else { return false }
      bytes.append(byte)
    }
    return true
  }

  /// The text that spells `bytes`.
  static func text(of bytes: some Sequence<UInt8>) -> String {
    var scalars = String.UnicodeScalarView()
    for byte in bytes { scalars.append(scalar(of: byte)) }
    return String(scalars)
  }

  private static func byte(of scalar: UInt32) -> UInt8? {
    switch scalar {
    case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: UInt8(truncatingIfNeeded: scalar)
    case 0x100...0x120: UInt8(truncatingIfNeeded: scalar - 0x100)
    case 0x121...0x142: UInt8(truncatingIfNeeded: scalar - 0x121 + 0x7F)
    case 0x143: 0xAD
    default: nil
    }
  }

  private static func scalar(of byte: UInt8) -> Unicode.Scalar {
    let value: UInt32 =
      switch byte {
      case ...0x20: UInt32(byte) + 0x100
      case 0x7F...0xA0: UInt32(byte) - 0x7F + 0x121
      case 0xAD: 0x143
      default: UInt32(byte)
      }
    return Unicode.Scalar(value) ?? "\u{FFFD}"
  }
}
