import HTTPTypes

/// What comes from the handler.
extension ConnectionMachine {
  /// The handler asks for the body.
  mutating func wantBody() -> [Action] {
    guard isAwaitingContinue, case .body = input else { return settle([]) }
    stopAwaitingContinue()
    return settle([.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))])
  }

  /// The handler has taken this many delivered bytes.
  mutating func consumeBody(_ count: Int) -> [Action] {
    undeliveredBytes -= min(count, undeliveredBytes)
    return settle([])
  }

  /// The whole response.
  mutating func respond(_ head: HTTPResponse, body: [UInt8]) -> [Action] {
    guard case .awaitingHead(var exchange) = output else { return settle([]) }
    prepare(&exchange)
    // RFC 9110, sections 15.3.5 and 15.4.5: these two have no content.
    let isBodyless = head.status == .noContent || head.status == .notModified
    let encoder = ResponseHeadEncoder(exchange: exchange)
    var bytes = encoder.encode(head, body: isBodyless ? .none : .length(body.count))
    if !isBodyless && !exchange.isHead { bytes += body }
    var actions = [Action.send(bytes)]
    endExchange(exchange, &actions)
    return settle(actions)
  }

  /// The head of a response whose body comes piece by piece.
  mutating func startStream(_ head: HTTPResponse) -> [Action] {
    guard case .awaitingHead(var exchange) = output else { return settle([]) }
    // RFC 9112, section 6.1: HTTP/1.0 knows no chunks; there the end of the connection ends the body.
    if !exchange.isHTTP11 && !exchange.isHead { exchange.keepsAlive = false }
    prepare(&exchange)
    output = .streaming(exchange)
    let encoder = ResponseHeadEncoder(exchange: exchange)
    return settle([.send(encoder.encode(head, body: exchange.isHTTP11 ? .chunked : .untilClose))])
  }

  /// A piece of the body.
  mutating func stream(_ bytes: [UInt8]) -> [Action] {
    guard case .streaming(let exchange) = output, !exchange.isHead, !bytes.isEmpty else { return settle([]) }
    guard exchange.isHTTP11 else { return settle([.send(bytes)]) }
    var chunk = Array(String(bytes.count, radix: 16).utf8)
    chunk.reserveCapacity(bytes.count + 20)
    chunk += [ASCII.carriageReturn, ASCII.lineFeed]
    chunk += bytes
    chunk += [ASCII.carriageReturn, ASCII.lineFeed]
    return settle([.send(chunk)])
  }

  /// The end of the body.
  mutating func endStream() -> [Action] {
    guard case .streaming(let exchange) = output else { return settle([]) }
    var actions: [Action] = []
    if exchange.isHTTP11 && !exchange.isHead { actions.append(.send(Array("0\r\n\r\n".utf8))) }
    endExchange(exchange, &actions)
    return settle(actions)
  }

  /// The handler has returned, or thrown `error`. If it has left its response undone, one is made, or what there is of
  /// it is cut off, so that the client can tell.
  mutating func endHandler(_ error: HTTPError?) -> [Action] {
    var actions: [Action] = []
    switch output {
    case .idle:
      break
    case .awaitingHead where error?.isDisconnect != true:
      actions.append(.answer(error ?? HTTPError(.internalServerError, "the request was not answered"), nil))
    case .awaitingHead, .streaming:
      output = .idle
      actions.append(.endExchange(isComplete: false))
      close(lingering: false, &actions)
    }
    return settle(actions)
  }

  /// Decides, when the head is written, whether the connection outlives the response.
  private func prepare(_ exchange: inout Exchange) {
    let canGoOn =
      switch input {
      case .complete: !(hasEnded && buffer.isEmpty)
      // A client that awaits leave to send may or may not send without it.
      case .body(let decoder):
        !exchange.awaitsContinue && (decoder.knownRemainder ?? .max) <= Self.drainLimit
      case .head, .discarding, .closed: false
      }
    exchange.keepsAlive = exchange.keepsAlive && canGoOn && !mustClose
  }

  private mutating func endExchange(_ exchange: Exchange, _ actions: inout [Action]) {
    output = .idle
    actions.append(.endExchange(isComplete: true))
    switch input {
    case .complete where exchange.keepsAlive && !mustClose:
      input = .head(RequestHeadParser(limits: limits))
      advance(&actions)
    case .body(let decoder) where exchange.keepsAlive && !mustClose:
      input = .discarding(decoder)
      advance(&actions)
    case .head, .body, .complete, .discarding, .closed:
      // Also when nothing more has arrived: it may be on its way.
      close(lingering: true, &actions)
    }
  }
}
