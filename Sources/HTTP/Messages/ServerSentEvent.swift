/// The text format of server-sent events (WHATWG HTML, section 9.2.5).
enum ServerSentEvent {
  /// One event whose data is `data`: its type if it has one, a `data:` line for every line of the data, then the
  /// empty line that dispatches it.
  static func frame(event: StaticString? = nil, data: [UInt8]) -> [UInt8] {
    var frame: [UInt8] = []
    frame.reserveCapacity(data.count + 64)
    event?.withUTF8Buffer { append(Array($0), prefix: "event: ", to: &frame) }
    append(data, prefix: "data: ", to: &frame)
    frame.append(ASCII.lineFeed)
    return frame
  }

  /// A comment, and an empty line so that it stands alone.
  static func frame(comment: String) -> [UInt8] {
    var frame: [UInt8] = []
    append(Array(comment.utf8), prefix: ": ", to: &frame)
    frame.append(ASCII.lineFeed)
    return frame
  }

  /// A client takes CR LF, CR and LF alike for a line end, so all three split.
  private static func append(_ text: [UInt8], prefix: StaticString, to frame: inout [UInt8]) {
    func startLine() { prefix.withUTF8Buffer { frame += $0 } }
    startLine()
    var previous: UInt8 = 0
    for byte in text {
      switch byte {
      case ASCII.lineFeed where previous == ASCII.carriageReturn:
        break
      case ASCII.lineFeed, ASCII.carriageReturn:
        frame.append(ASCII.lineFeed)
        startLine()
      default:
        frame.append(byte)
      }
      previous = byte
    }
    frame.append(ASCII.lineFeed)
  }
}
