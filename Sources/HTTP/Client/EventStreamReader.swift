/// Reads server-sent events (WHATWG HTML, section 9.2.6) from pieces of a body: bytes in, the data of events out.
///
/// Names, identities and retry times of events are left out.
public struct EventStreamReader: Sendable {
  private let limit: Int
  private var line: [UInt8] = []
  private var data: [UInt8]?
  private var endedWithCarriageReturn = false

  /// A reader at the start of a stream.
  ///
  /// - Parameter limit: bytes an event may have.
  public init(limit: Int = 16 << 20) { self.limit = limit }

  /// Takes a piece.
  /// - Returns: the data of the events that end in it.
  public mutating func read(_ bytes: some Sequence<UInt8>) throws(HTTPClientError) -> [[UInt8]] {
    var events: [[UInt8]] = []
    for byte in bytes {
      defer { endedWithCarriageReturn = byte == ASCII.carriageReturn }
      switch byte {
      case ASCII.lineFeed where endedWithCarriageReturn: continue
      case ASCII.lineFeed, ASCII.carriageReturn:
        if let event = endLine() { events.append(event) }
      default:
        line.append(byte)
        guard line.count + (data?.count ?? 0) <= limit else {
          throw .invalidResponse("an event of more than \(limit) bytes")
        }
      }
    }
    return events
  }

  private mutating func endLine() -> [UInt8]? {
    defer { line.removeAll(keepingCapacity: true) }
    if line.isEmpty {
      defer { data = nil }
      return data
    }
    let name = line.prefix { $0 != ASCII.colon }
    guard name.elementsEqual("data".utf8) else { return nil }
    var value = line[name.endIndex...].dropFirst()
    if value.first == ASCII.space { value = value.dropFirst() }
    if data == nil { data = Array(value) } else { data?.append(contentsOf: [ASCII.lineFeed] + value) }
    return nil
  }
}
