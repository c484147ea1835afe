import HTTPTypes

@testable import HTTP

func check(_ condition: Bool, _ message: @autoclosure () -> String) {
  guard condition else { fatalError(message()) }
}

/// A connection's state machine with a handler, and a check of every action it asks for.
struct Peer {
  private static let limits = {
    var limits = HTTPLimits()
    limits.requestLineBytes = 100
    limits.headerBytes = 300
    limits.headerFieldCount = 8
    limits.bodyBytes = 200
    limits.bodyBufferBytes = 50
    limits.pipelineBytes = 100
    return limits
  }()

  private var machine = ConnectionMachine(limits: Peer.limits)
  private(set) var transcript: [String] = []
  private(set) var isReading = true
  var answersAtOnce = true

  private var isClosed = false
  private var isAnswering = false
  private var hasStreamHead = false
  private var isBodyOpen = false
  private var untaken = 0
  private var bodyLength = 0
  private var openResponses = 0

  init() { apply { $0.start() } }

  mutating func send(_ bytes: ArraySlice<UInt8>) {
    guard !bytes.isEmpty else { return }
    apply { $0.receive(bytes) }
    let bound = Self.limits.headerBytes + Self.limits.requestLineBytes + Self.limits.pipelineBytes
    check(!answersAtOnce || machine.buffer.count <= bound + 2048, "\(machine.buffer.count) bytes are buffered")
  }

  /// Anything but bytes.
  mutating func happen(_ event: UInt8) {
    switch event {
    case 0: break
    case 1: apply { $0.wantBody() }
    case 2:
      let taken = (untaken + 1) / 2
      untaken -= taken
      apply { $0.consumeBody(taken) }
    case 3: apply { $0.respond(HTTPResponse(status: .ok), body: [1, 2, 3]) }
    case 4:
      if hasStreamHead {
        apply { $0.stream([1]) }
      } else {
        hasStreamHead = true
        apply { $0.startStream(HTTPResponse(status: .ok)) }
      }
    case 5: apply { $0.endStream() }
    case 6: apply { $0.endHandler(nil) }
    default:
      for timer in [ConnectionMachine.Timer.idle, .header, .body] { apply { $0.timeOut(timer) } }
    }
  }

  /// The peer goes, the server shuts down, the connection breaks; after that there is nothing.
  mutating func end() {
    apply { $0.expectEnd() }
    apply { $0.receiveEnd() }
    apply { $0.shutDown() }
    apply { $0.lose() }
    check(isClosed, "a lost connection is not closed")
    check(!isAnswering, "a request is answered after the end")
  }

  private mutating func apply(_ event: (inout ConnectionMachine) -> [ConnectionMachine.Action]) {
    for action in event(&machine) {
      check(!isClosed, "\(action) after the close")
      follow(action)
    }
    check(machine.undeliveredBytes == untaken || isClosed || !isAnswering, "\(untaken) bytes are not taken")
  }

  private mutating func follow(_ action: ConnectionMachine.Action) {
    switch action {
    case .startRequest(let head):
      check(!isAnswering, "a request before the response to the last")
      checkHead(head)
      isAnswering = true
      isBodyOpen = true
      hasStreamHead = false
      untaken = 0
      bodyLength = 0
      transcript.append("start \(head)")
    case .deliverBody(let bytes):
      check(isBodyOpen && isAnswering && !bytes.isEmpty, "a body out of place")
      bodyLength += bytes.count
      check(bodyLength <= Self.limits.bodyBytes, "a body of \(bodyLength) bytes")
      untaken += bytes.count
      if answersAtOnce { takeAll() }
    case .endBody:
      check(isBodyOpen, "a second end of a body")
      isBodyOpen = false
      transcript.append("body of \(bodyLength)")
      if answersAtOnce { happen(3) }
    case .failBody(let error):
      isBodyOpen = false
      transcript.append("body of \(bodyLength), then \(error)")
      if answersAtOnce { apply { $0.endHandler(error) } }
    case .answer(let error, _):
      if !isAnswering {
        isAnswering = true
        transcript.append("answer \(error)")
      }
      apply { $0.respond(HTTPResponse(status: error.status), body: []) }
    case .send(let bytes):
      check(isAnswering && !bytes.isEmpty, "nothing to answer")
      if bytes.starts(with: "HTTP/1.1 ".utf8), !bytes.starts(with: "HTTP/1.1 100 ".utf8) {
        openResponses += 1
        check(openResponses == 1, "a second response to a request")
        transcript.append(String(decoding: bytes, as: UTF8.self))
      }
    case .endExchange:
      check(isAnswering, "the end of no response")
      isAnswering = false
      isBodyOpen = false
      openResponses = 0
    case .setReading(let reading):
      check(reading != isReading, "reading set to what it is")
      isReading = reading
    case .close:
      check(!isAnswering, "a close within a response")
      isClosed = true
      transcript.append("close")
    case .cancelRequest: check(isAnswering, "a cancellation of nothing")
    case .setTimer: break
    }
  }

  private mutating func takeAll() {
    while untaken > 0 { happen(2) }
  }

  /// RFC 9112, sections 3.2, 5.2 and 6.3: what must never be let through.
  private func checkHead(_ head: RequestHead) {
    let lengths = head.fields[values: .contentLength]
    let codings = head.fields[values: .transferEncoding]
    check(lengths.count <= 1 && codings.count <= 1, "repeated framing")
    check(lengths.isEmpty || codings.isEmpty, "both a length and a transfer coding")
    switch head.framing.body {
    case .none: check(lengths.isEmpty && codings.isEmpty, "framing without a body")
    case .length(let length): check(lengths.first.flatMap(Int.init) == length, "another length than the field's")
    case .chunked: check(head.line.isHTTP11 && codings.first?.lowercased() == "chunked", "chunks without their coding")
    }
    let hosts = head.fields[values: .hostField].count
    check(hosts == 1 || (hosts == 0 && !head.line.isHTTP11), "\(hosts) Host fields")
    check(head.fields.count <= Self.limits.headerFieldCount, "\(head.fields.count) fields")
    check(head.line.path.utf8.first == ASCII.slash || head.line.path == "*", "the path \(head.line.path)")
    for field in head.fields {
      check(!field.value.utf8.contains { $0 < 0x20 && $0 != 9 }, "a control character in \(field)")
    }
  }
}
