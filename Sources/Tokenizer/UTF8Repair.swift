/// Replaces malformed UTF-8 by U+FFFD, one for each maximal subpart of a character (Unicode Standard, section 3.9),
/// while bytes arrive in pieces. Rust's lossy decoding, which `tokenizers` uses, follows the same rule.
struct UTF8Repair: Sendable {
  /// The bytes so far of a character that is not complete: at most three.
  private var pending: [UInt8] = []
  /// How many bytes are missing.
  private var missing = 0
  /// Which bytes may come next.
  private var allowed: ClosedRange<UInt8> = 0x80...0xBF

  /// Appends what `bytes` complete to `output`.
  mutating func append(_ bytes: some Sequence<UInt8>, to output: inout [UInt8]) {
    for byte in bytes {
      if missing > 0 {
        if allowed.contains(byte) {
          pending.append(byte)
          missing -= 1
          allowed = 0x80...0xBF
          if missing == 0 {
            output += pending
            pending.removeAll(keepingCapacity: true)
          }
          continue
        }
        finish(into: &output)
      }
      start(with: byte, &output)
    }
  }

  /// Ends the text: an incomplete character becomes U+FFFD.
  mutating func finish(into output: inout [UInt8]) {
    if missing > 0 { output += Self.replacement }
    pending.removeAll(keepingCapacity: true)
    missing = 0
  }

  /// The first byte of a character, by table 3-7 of the Unicode Standard.
  @inline(__always)
  private mutating func start(with byte: UInt8, _ output: inout [UInt8]) {
    switch byte {
    case ..<0x80:
      output.append(byte)
      return
    case 0xC2...0xDF: (missing, allowed) = (1, 0x80...0xBF)
    case 0xE0: (missing, allowed) = (2, 0xA0...0xBF)
    case 0xED: (missing, allowed) = (2, 0x80...0x9F)
    case 0xE1...0xEF: (missing, allowed) = (2, 0x80...0xBF)
    case 0xF0: (missing, allowed) = (3, 0x90...0xBF)
    case 0xF1...0xF3: (missing, allowed) = (3, 0x80...0xBF)
    case 0xF4: (missing, allowed) = (3, 0x80...0x8F)
    default:
      output += Self.replacement
      return
    }
    pending.append(byte)
  }

  private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]
}
