/// One exchange with the server and what has to come of it.
public struct ConformanceCase: Sendable, CustomStringConvertible {
  /// What it shows: the RFC and the section.
  public let source: String
  /// The bytes a client sends, without the request that follows them.
  public let input: [UInt8]
  /// The statuses of the responses, in order.
  public let statuses: [Int]
  /// Whether the connection goes on, so that a request that follows is answered.
  public let goesOn: Bool

  /// The source and the bytes.
  public var description: String { "\(source): \(String(decoding: input, as: UTF8.self).debugDescription)" }
}

/// Rows of text to cases.
///
/// A row is `RFC-section | expectation | bytes`, or the same with `| values` behind it, separated by spaces, each of which
/// takes the place of `%` in the bytes and so makes a case. The expectation is a list of statuses, of which `open` at the
/// end says that the connection goes on. Bytes are written with the escapes `\r`, `\n`, `\t`, `\s` (space), `\p` (the
/// character |), `\c` (%), `\a` (@), `\w` (~) and `\xHH`; `\L` is more than any limit allows; `~` stands for a line end, and `@` for one, a Host field and another one.
public enum ConformanceTable {
  private static let backslash = UInt8(ascii: "\\")

  static func cases(_ rows: String) -> [ConformanceCase] {
    rows.split(separator: "\n").filter { !$0.hasPrefix("#") }.flatMap { row in
      let parts = row.split(separator: " | ", maxSplits: 3).map(String.init)
      precondition(parts.count >= 3, "\(row) is no row")
      let expected = parts[1].split(separator: " ")
      let values = parts.count == 4 ? parts[3].split(separator: " ").map(String.init) : [""]
      return values.map { value in
        ConformanceCase(
          source: parts[0], input: bytes(parts[2].replacing("%", with: value)),
          statuses: expected.compactMap { Int($0) }, goesOn: expected.last == "open")
      }
    }
  }

  private static func bytes(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "~"): bytes += Array("\r\n".utf8)
      case UInt8(ascii: "@"): bytes += Array("\r\nHost: h\r\n".utf8)
      case backslash where rest.first == UInt8(ascii: "L"):
        rest.removeFirst()
        bytes += [UInt8](repeating: UInt8(ascii: "x"), count: 2000)
      case backslash: bytes.append(escaped(&rest))
      default: bytes.append(byte)
      }
    }
    return bytes
  }

  private static func escaped(_ rest: inout ArraySlice<UInt8>) -> UInt8 {
    switch rest.popFirst() {
    case UInt8(ascii: "r"): return 0x0D
    case UInt8(ascii: "n"): return 0x0A
    case UInt8(ascii: "t"): return 0x09
    case UInt8(ascii: "s"): return 0x20
    case UInt8(ascii: "p"): return UInt8(ascii: "|")
    case UInt8(ascii: "c"): return UInt8(ascii: "%")
    case UInt8(ascii: "a"): return UInt8(ascii: "@")
    case UInt8(ascii: "w"): return UInt8(ascii: "~")
    case UInt8(ascii: "x"):
      defer { rest = rest.dropFirst(2) }
      return UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0
    default: return backslash
    }
  }
}
