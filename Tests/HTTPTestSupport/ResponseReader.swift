/// Reads responses as they arrive, strictly by RFC 9112; shares no code with the server.
public struct ResponseReader {
  /// A response, as far as it is there.
  public struct Response {
    /// Its status; 0 before the head is there.
    public var status = 0
    /// Its fields in order, with names in lower case.
    public var fields: [(name: String, value: String)] = []
    /// Its body, without the framing.
    public var body: [UInt8] = []

    /// The values of the fields of a name, which is given in lower case.
    public func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
    /// Whether it is the connection's last.
    public var closes: Bool { values("connection").contains("close") }
  }

  /// What is wrong with what was received.
  public struct Malformed: Error {
    /// The same in words.
    public let reason: String
  }

  private enum State {
    case head
    case length(Int)
    case chunkSize
    case chunk(Int)
    case chunkEnd
    case trailer
    case untilEnd
    case complete
  }

  private var buffer: [UInt8] = []
  private var start = 0
  /// Bytes that have been read: before a response, where it begins.
  public private(set) var position = 0
  private var state = State.head
  /// The response that is being read.
  public private(set) var response = Response()

  /// Whether a part of a response is there.
  public var isWithinResponse: Bool {
    if case .head = state { start < buffer.count } else { true }
  }

  /// Whether the head of a response is there, and not its end.
  public var isWithinBody: Bool {
    if case .head = state { false } else { true }
  }

  /// Expects a response.
  public init() {}

  /// Bytes have arrived.
  public mutating func append(_ bytes: ArraySlice<UInt8>) { buffer += bytes }

  /// Takes the next response out, if it is whole.
  /// - Parameters:
  ///   - isHead: whether it answers a HEAD request, and so has no body.
  ///   - isHTTP11: whether chunks may be sent to who asked.
  ///   - hasEnded: nothing more will arrive.
  public mutating func next(isHead: Bool, isHTTP11: Bool = true, hasEnded: Bool) throws(Malformed) -> Response? {
    while true {
      switch state {
      case .head:
        guard let head = take(until: [0x0D, 0x0A, 0x0D, 0x0A]) else { return nil }
        try parse(head)
        state = try framing(isHead: isHead, isHTTP11: isHTTP11)
      case .length(let count):
        let taken = take(count)
        state = taken == count ? .complete : .length(count - taken)
        if taken < count { return nil }
      case .chunkSize:
        guard let line = take(until: [0x0D, 0x0A]) else { return nil }
        guard let size = Int(String(decoding: line, as: UTF8.self), radix: 16), !line.isEmpty else {
          throw Malformed(reason: "a chunk size of '\(String(decoding: line, as: UTF8.self))'")
        }
        state = size == 0 ? .trailer : .chunk(size)
      case .chunk(let count):
        let taken = take(count)
        state = taken == count ? .chunkEnd : .chunk(count - taken)
        if taken < count { return nil }
      case .chunkEnd:
        guard let line = take(until: [0x0D, 0x0A]) else { return nil }
        guard line.isEmpty else { throw Malformed(reason: "a chunk that does not end where it should") }
        state = .chunkSize
      case .trailer:
        guard let line = take(until: [0x0D, 0x0A]) else { return nil }
        guard line.isEmpty else { throw Malformed(reason: "a trailer") }
        state = .complete
      case .untilEnd:
        _ = take(.max)
        guard hasEnded else { return nil }
        state = .complete
      case .complete:
        defer {
          state = .head
          response = Response()
        }
        return response
      }
    }
  }

  private mutating func take(until mark: [UInt8]) -> ArraySlice<UInt8>? {
    var index = start
    while index + mark.count <= buffer.count {
      if buffer[index] == mark[0], buffer[index..<index + mark.count].elementsEqual(mark) {
        defer {
          position += index + mark.count - start
          start = index + mark.count
        }
        return buffer[start..<index]
      }
      index += 1
    }
    return nil
  }

  private mutating func take(_ count: Int) -> Int {
    let taken = min(count, buffer.count - start)
    response.body += buffer[start..<start + taken]
    start += taken
    position += taken
    if start == buffer.count {
      buffer.removeAll(keepingCapacity: true)
      start = 0
    }
    return taken
  }

  private mutating func parse(_ head: ArraySlice<UInt8>) throws(Malformed) {
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
    let parts = lines[0].split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "HTTP/1.1", parts[1].count == 3, let status = Int(parts[1]) else {
      throw Malformed(reason: "a status line of '\(lines[0].prefix(80))'")
    }
    response = Response(status: status)
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":"), colon != line.startIndex,
        line[..<colon].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
      else { throw Malformed(reason: "a field of '\(line.prefix(80))'") }
      response.fields.append(
        (
          line[..<colon].lowercased(),
          String(line[line.index(after: colon)...].drop { $0 == " " })
        ))
    }
  }

  private mutating func framing(isHead: Bool, isHTTP11: Bool) throws(Malformed) -> State {
    let (lengths, codings) = (response.values("content-length"), response.values("transfer-encoding"))
    guard lengths.count <= 1, codings.count <= 1, lengths.isEmpty || codings.isEmpty else {
      throw Malformed(reason: "an ambiguous length")
    }
    if response.status < 200 {
      guard lengths.isEmpty, codings.isEmpty else { throw Malformed(reason: "an interim response with a body") }
      return .complete
    }
    guard response.values("date").count == 1 else { throw Malformed(reason: "no date, or several") }
    if isHead || response.status == 204 || response.status == 304 { return .complete }
    if let coding = codings.first {
      guard coding == "chunked" else { throw Malformed(reason: "the coding \(coding)") }
      guard isHTTP11 else { throw Malformed(reason: "chunks for an HTTP/1.0 client") }
      return .chunkSize
    }
    guard let text = lengths.first else {
      guard response.closes else { throw Malformed(reason: "a body without an end") }
      return .untilEnd
    }
    guard let length = Int(text), length >= 0 else { throw Malformed(reason: "a length of \(text)") }
    return .length(length)
  }
}
