import HTTPTypes

/// One HTTP/1.1 connection as a value: what happens to it comes in through the mutating methods, what is to be done
/// about it goes out as actions, in order. Sockets, time and tasks are its driver's.
///
/// Requests are answered one at a time: what a client pipelines waits, in a bounded buffer, until the response
/// before it has ended. A client that has closed its sending side counts as gone (a client that aborts a
/// stream looks like that), so its request is cancelled; what is answered nonetheless is sent.
struct ConnectionMachine: Sendable {
  enum Timer: Sendable, Hashable {
    /// Between requests.
    case idle
    /// From the first byte of a request to the end of its header section.
    case header
    /// From there to the end of the body, while the server reads.
    case body
  }

  enum Action: Sendable, Hashable {
    /// A request's head is complete; run its handler.
    case startRequest(RequestHead)
    /// Keep these bytes for the handler, until it takes them.
    case deliverBody([UInt8])
    /// The body is complete.
    case endBody
    /// There will be no more of the body.
    case failBody(HTTPError)
    /// Make a response for the error and hand it to `respond`. The request line is given as far as it was read.
    case answer(HTTPError, RequestHead.Line?)
    /// Cancel the running handler.
    case cancelRequest
    case send([UInt8])
    /// Start this timer in place of the one that runs, if any.
    case setTimer(Timer?)
    /// Read from the network, or leave it alone.
    case setReading(Bool)
    /// The response has ended, properly or not.
    case endExchange(isComplete: Bool)
    /// When all is sent, close. Lingering means to close the sending side first and to drop what still arrives,
    /// as a reset would destroy the response on its way (RFC 9112, section 9.6).
    case close(lingering: Bool)
  }

  enum Input: Sendable {
    case head(RequestHeadParser)
    case body(BodyDecoder)
    /// The request is complete; what follows is the next one.
    case complete
    /// The response has ended before the body.
    case discarding(BodyDecoder)
    case closed
  }

  /// The request that is being answered.
  struct Exchange: Sendable {
    var isHead: Bool
    var isHTTP11: Bool
    var keepsAlive: Bool
    var awaitsContinue: Bool
  }

  enum Output: Sendable {
    case idle
    case awaitingHead(Exchange)
    case streaming(Exchange)

    var isIdle: Bool {
      if case .idle = self { true } else { false }
    }
  }

  /// A body's remainder that is rather read and dropped than answered with the end of the connection.
  static let drainLimit = 64 * 1024

  let limits: HTTPLimits
  var input: Input
  var output = Output.idle
  var buffer = InputBuffer()
  /// Bytes delivered that the handler has not taken.
  var undeliveredBytes = 0
  /// The peer has closed its sending side.
  var hasEnded = false
  /// Nothing is to follow the running response.
  var mustClose = false
  private var isClosed = false
  private var timer: Timer?
  private var isReading = true

  init(limits: HTTPLimits) {
    let limits = limits.clamped
    self.limits = limits
    input = .head(RequestHeadParser(limits: limits))
  }

  /// Ends every event: brings timer and reading up to date with the state. That goes first, as the driver's answer to
  /// a later action is an event of its own, which would be outdated by it.
  mutating func settle(_ actions: consuming [Action]) -> [Action] {
    guard !isClosed else { return [] }
    if let last = actions.last, case .close = last {
      isClosed = true
      return actions
    }
    if timer != wantedTimer {
      timer = wantedTimer
      actions.insert(.setTimer(timer), at: 0)
    }
    if isReading != wantsReading {
      isReading = wantsReading
      actions.insert(.setReading(isReading), at: 0)
    }
    return actions
  }

  /// Whether `timer` is the one that runs; a timer that has been replaced may still go off.
  mutating func takeTimer(_ expired: Timer) -> Bool {
    guard timer == expired else { return false }
    timer = nil
    return true
  }

  private var wantedTimer: Timer? {
    switch input {
    case .head(let parser): buffer.isEmpty && parser.line == nil ? .idle : .header
    case .body: isAwaitingContinue || !wantsReading ? nil : .body
    case .discarding: .body
    case .complete, .closed: nil
    }
  }

  private var wantsReading: Bool {
    guard !hasEnded else { return false }
    return switch input {
    case .head, .discarding: true
    case .body: undeliveredBytes < limits.bodyBufferBytes
    case .complete: buffer.count < limits.pipelineBytes
    case .closed: false
    }
  }

  var isAwaitingContinue: Bool {
    if case .awaitingHead(let exchange) = output { exchange.awaitsContinue } else { false }
  }

  /// Stops reading requests for good.
  mutating func closeInput() {
    input = .closed
    buffer.removeAll()
    mustClose = true
  }
}

extension HTTPLimits {
  /// The same limits within what can be computed with.
  var clamped: HTTPLimits {
    func clamp(_ value: Int) -> Int { min(max(value, 0), 1 << 48) }
    var limits = self
    limits.requestLineBytes = clamp(requestLineBytes)
    limits.headerFieldCount = clamp(headerFieldCount)
    limits.headerBytes = clamp(headerBytes)
    limits.bodyBytes = clamp(bodyBytes)
    limits.bodyBufferBytes = max(1, clamp(bodyBufferBytes))
    limits.pipelineBytes = max(1, clamp(pipelineBytes))
    limits.outputBufferBytes = clamp(outputBufferBytes)
    limits.connections = clamp(connections)
    limits.connectionsPerAddress = clamp(connectionsPerAddress)
    return limits
  }
}
