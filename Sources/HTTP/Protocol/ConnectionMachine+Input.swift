import HTTPTypes

/// What comes from the network and the clock.
extension ConnectionMachine {
  /// The connection is open.
  mutating func start() -> [Action] { settle([]) }

  /// The connection is one too many, or cannot be served for another reason: answers without reading.
  mutating func refuse(_ error: HTTPError) -> [Action] {
    var actions: [Action] = []
    fail(error, nil, &actions)
    return settle(actions)
  }

  /// Bytes have arrived.
  mutating func receive(_ bytes: some Collection<UInt8>) -> [Action] {
    var actions: [Action] = []
    if case .closed = input { return settle(actions) }
    buffer.append(bytes)
    advance(&actions)
    return settle(actions)
  }

  /// The peer has closed its sending side, and all it sent has been received.
  mutating func receiveEnd() -> [Action] {
    guard !hasEnded else { return settle([]) }
    hasEnded = true
    var actions: [Action] = []
    switch input {
    case .head, .discarding:
      close(lingering: false, &actions)
    case .body:
      failBody(.disconnected, &actions)
    case .complete, .closed:
      break
    }
    if !output.isIdle { actions.append(.cancelRequest) }
    return settle(actions)
  }

  /// The peer is known to have closed its sending side, but bytes it sent before wait to be read.
  mutating func expectEnd() -> [Action] {
    settle(output.isIdle ? [] : [.cancelRequest])
  }

  /// The connection is broken: nothing can be sent or received.
  mutating func lose() -> [Action] {
    var actions: [Action] = []
    if !output.isIdle {
      actions += [.cancelRequest, .failBody(.disconnected), .endExchange(isComplete: false)]
      output = .idle
    }
    close(lingering: false, &actions)
    return settle(actions)
  }

  /// A timer has run out.
  mutating func timeOut(_ timer: Timer) -> [Action] {
    guard takeTimer(timer) else { return settle([]) }
    var actions: [Action] = []
    switch (timer, input) {
    case (.header, .head(let parser)):
      fail(ProtocolError.headerTimeout.httpError, parser, &actions)
    case (.body, .body):
      failBody(ProtocolError.bodyTimeout.httpError, &actions)
    case (.idle, _), (.header, _), (.body, _):
      close(lingering: false, &actions)
    }
    return settle(actions)
  }

  /// The server shuts down: an idle connection closes, a running response is the last.
  mutating func shutDown() -> [Action] {
    var actions: [Action] = []
    mustClose = true
    if output.isIdle { close(lingering: false, &actions) }
    return settle(actions)
  }

  /// Parses what is buffered, as far as the state lets it.
  mutating func advance(_ actions: inout [Action]) {
    while true {
      switch input {
      case .head(var parser):
        // The buffer and the fields read so far must have one owner, or they are copied.
        input = .closed
        do throws(ProtocolError) {
          guard let head = try parser.parse(&buffer) else {
            input = .head(parser)
            if hasEnded { close(lingering: false, &actions) }
            return
          }
          begin(head, &actions)
        } catch {
          return fail(error.httpError, parser, &actions)
        }
      case .body(let decoder):
        guard decodeBody(decoder, &actions) else { return }
      case .discarding(var decoder):
        var dropped: [UInt8] = []
        guard let isComplete = try? decoder.decode(&buffer, into: &dropped) else {
          return close(lingering: true, &actions)
        }
        input = isComplete ? .head(RequestHeadParser(limits: limits)) : .discarding(decoder)
        guard isComplete else { return }
      case .complete, .closed:
        return
      }
    }
  }

  private mutating func begin(_ head: RequestHead, _ actions: inout [Action]) {
    output = .awaitingHead(
      Exchange(
        isHead: head.line.method == .head, isHTTP11: head.line.isHTTP11, keepsAlive: head.framing.keepsAlive,
        awaitsContinue: head.framing.expectsContinue))
    undeliveredBytes = 0
    input =
      switch head.framing.body {
      case .none: .body(.length(remaining: 0))
      case .length(let length): .body(.length(remaining: length))
      case .chunked: .body(.chunked(ChunkedDecoder(limits: limits)))
      }
    actions.append(.startRequest(head))
    if hasEnded { actions.append(.cancelRequest) }
  }

  /// Returns whether there may be more to parse.
  private mutating func decodeBody(_ decoder: BodyDecoder, _ actions: inout [Action]) -> Bool {
    var decoder = decoder
    input = .closed
    var bytes: [UInt8] = []
    let result = Result { () throws(ProtocolError) in try decoder.decode(&buffer, into: &bytes) }
    if !bytes.isEmpty {
      undeliveredBytes += bytes.count
      actions.append(.deliverBody(bytes))
      // RFC 9110, section 10.1.1: a client that sends is not waiting any more.
      stopAwaitingContinue()
    }
    switch result {
    case .success(true):
      input = .complete
      stopAwaitingContinue()
      actions.append(.endBody)
      return true
    case .success(false):
      input = .body(decoder)
      if hasEnded { failBody(.disconnected, &actions) }
      return false
    case .failure(let error):
      failBody(error.httpError, &actions)
      return false
    }
  }

  mutating func stopAwaitingContinue() {
    guard case .awaitingHead(var exchange) = output else { return }
    exchange.awaitsContinue = false
    output = .awaitingHead(exchange)
  }

  /// Answers a malformed request. Where the next one would begin is unknown, so there is none.
  /// - Parameter parser: what has read of it; nil if nothing has.
  private mutating func fail(_ error: HTTPError, _ parser: RequestHeadParser?, _ actions: inout [Action]) {
    closeInput()
    output = .awaitingHead(
      Exchange(
        isHead: parser?.isHead ?? false, isHTTP11: parser?.line?.isHTTP11 ?? true, keepsAlive: false,
        awaitsContinue: false))
    actions.append(.answer(error, parser?.line))
  }

  private mutating func failBody(_ error: HTTPError, _ actions: inout [Action]) {
    closeInput()
    actions.append(.failBody(error))
  }

  mutating func close(lingering: Bool, _ actions: inout [Action]) {
    closeInput()
    actions.append(.close(lingering: lingering && !hasEnded))
  }
}
