/// Bytes that have arrived and are not parsed yet.
struct InputBuffer: Sendable {
  private var bytes: [UInt8] = []
  private var start = 0
  /// Where the search for the end of a line goes on, so that a line that trickles in is searched once.
  private var searched = 0

  var count: Int { bytes.count - start }
  var isEmpty: Bool { count == 0 }
  var first: UInt8? { isEmpty ? nil : bytes[start] }

  mutating func append(_ newBytes: some Collection<UInt8>) {
    if start == bytes.count {
      removeAll()
    } else if start > bytes.count / 2 {
      bytes.removeSubrange(..<start)
      searched = max(0, searched - start)
      start = 0
    }
    bytes.append(contentsOf: newBytes)
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.capacity <= 64 * 1024)
    start = 0
    searched = 0
  }

  enum Line {
    /// The end of the line has not arrived.
    case incomplete
    /// The line, without its line end, which is consumed.
    case complete(ArraySlice<UInt8>)
    /// The line has more bytes than the limit.
    case tooLong
  }

  /// Takes the next line, at most `limit` bytes long without its CR LF.
  ///
  /// The outcome depends on the bytes alone, not on the pieces they came in: whether a line is too long is decided by
  /// the first `limit + 2` bytes. RFC 9112, section 2.2, lets a recipient accept a bare LF; this one does not, and no CR
  /// within a line either, since others may see other lines than we do.
  mutating func nextLine(limit: Int) throws(ProtocolError) -> Line {
    let end = min(bytes.count, start + limit + 2)
    guard let lineFeed = bytes[max(searched, start)..<max(end, searched, start)].firstIndex(of: ASCII.lineFeed) else {
      searched = max(end, searched, start)
      return bytes.count - start >= limit + 2 ? .tooLong : .incomplete
    }
    guard lineFeed > start, bytes[lineFeed - 1] == ASCII.carriageReturn else { throw .bareLineFeed }
    let line = bytes[start..<lineFeed - 1]
    guard !line.contains(ASCII.carriageReturn) else { throw .bareCarriageReturn }
    start = lineFeed + 1
    searched = start
    return .complete(line)
  }

  /// Takes up to `limit` bytes.
  mutating func take(upTo limit: Int) -> ArraySlice<UInt8> {
    let end = start + min(limit, count)
    defer {
      start = end
      searched = end
    }
    return bytes[start..<end]
  }

  /// The first bytes, as far as they are there, for a look at a line that is too long.
  func prefix(_ count: Int) -> ArraySlice<UInt8> { bytes[start...].prefix(count) }
}
