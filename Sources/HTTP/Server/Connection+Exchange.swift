import HTTPTypes

/// Requests and their handlers.
extension Connection {
  /// A request and what has become of it so far.
  struct Exchange {
    /// Body parts that have arrived and the handler has not taken.
    struct Body {
      var bytes: [UInt8] = []
      var isComplete = false
      var failure: HTTPError?

      var isPending: Bool { bytes.isEmpty && !isComplete && failure == nil }
    }

    let id: Int
    let line: RequestHead.Line?
    let origin: String?
    let acceptsGzip: Bool
    let start: ContinuousClock.Instant
    var body = Body()
    var task: Task<Void, Never>?
    var status: Int?
    var sentBytes = 0
    var error: String?
  }

  func startExchange(_ head: RequestHead) {
    lastExchange += 1
    let request = Request(
      method: head.line.method, path: head.line.path, query: head.line.query, headerFields: head.fields,
      body: RequestBody(self, exchange: lastExchange, encoding: head.fields[.contentEncoding]),
      remoteAddress: remoteAddress)
    exchange = Exchange(
      id: lastExchange, line: head.line, origin: head.fields[.origin],
      acceptsGzip: ContentEncoder.acceptsGzip(head.fields), start: loop.now)
    exchange?.task = run(request, exchange: lastExchange)
  }

  private nonisolated func run(_ request: Request, exchange: Int) -> Task<Void, Never> {
    Task(executorPreference: loop) {
      do {
        let writer = ResponseWriter(self, exchange: exchange)
        try await self.context.routes.value.handle(request, writer, cors: self.context.cors)
        await self.isolated { $0.handlerHasEnded(nil, exchange: exchange) }
      } catch {
        await self.isolated { $0.handlerHasEnded(error, exchange: exchange) }
      }
    }
  }

  private func handlerHasEnded(_ error: (any Error)?, exchange id: Int) {
    guard exchange?.id == id else { return }
    let httpError: HTTPError?
    switch error {
    case nil: httpError = nil
    case let error as HTTPError: httpError = error
    case is CancellationError where exchange?.task?.isCancelled == true: httpError = .disconnected
    default: httpError = HTTPError(.internalServerError, "the server failed to answer this request")
    }
    exchange?.error = error.map { String(describing: $0) }
    perform(machine.endHandler(httpError))
  }

  /// Responds to an error of the protocol or of a handler.
  func answer(_ error: HTTPError, line: RequestHead.Line?) {
    if exchange == nil {
      lastExchange += 1
      exchange = Exchange(id: lastExchange, line: line, origin: nil, acceptsGzip: false, start: loop.now)
    }
    if exchange?.error == nil { exchange?.error = error.description }
    let (contentType, body) = context.routes.value.errorBody(error)
    var fields = error.headerFields
    fields[.contentType] = contentType
    respond(HTTPResponse(status: error.status, headerFields: fields), body: body)
  }

  func endExchange(isComplete: Bool) {
    guard let ended = exchange else { return }
    exchange = nil
    resumeBodyWaiters()
    context.observer.onResponse(
      AccessLogEntry(
        method: ended.line?.method.rawValue, path: ended.line?.path, status: ended.status, bytes: ended.sentBytes,
        duration: loop.now - ended.start, remoteAddress: remoteAddress, error: ended.error, isComplete: isComplete))
  }

  // MARK: Called by handlers

  func nextBodyPart(exchange id: Int) async throws(HTTPError) -> [UInt8]? {
    guard exchange?.id == id else { throw .disconnected }
    perform(machine.wantBody())
    while true {
      guard exchange?.id == id, let body = exchange?.body else { throw .disconnected }
      if !body.bytes.isEmpty {
        exchange?.body.bytes = []
        perform(machine.consumeBody(body.bytes.count))
        return body.bytes
      }
      if let failure = body.failure { throw failure }
      if body.isComplete { return nil }
      // Another job may run between the checks and the closure, so they are made again.
      await withCheckedContinuation { waiter in
        if exchange?.id == id, exchange?.body.isPending == true {
          bodyWaiters.append(waiter)
        } else {
          waiter.resume()
        }
      }
    }
  }

  nonisolated func respond(_ head: HTTPResponse, body: [UInt8], exchange id: Int) async throws(HTTPError) {
    try await write(exchange: id) { $0.respond(head, body: body) }
  }

  nonisolated func startStream(_ head: HTTPResponse, exchange id: Int) async throws(HTTPError) {
    try await write(exchange: id) {
      $0.exchange?.status = head.status.code
      $0.perform($0.machine.startStream($0.decorate(head)))
    }
  }

  nonisolated func stream(_ bytes: [UInt8], exchange id: Int) async throws(HTTPError) {
    try await write(exchange: id) {
      $0.exchange?.sentBytes += bytes.count
      $0.perform($0.machine.stream(bytes))
    }
  }

  nonisolated func endStream(exchange id: Int) async throws(HTTPError) {
    try await write(exchange: id) { $0.perform($0.machine.endStream()) }
  }

  /// Writes to the exchange that is said, if it is still the one, and waits where there is no room for more.
  private nonisolated func write(
    exchange id: Int, _ work: @Sendable (isolated Connection) -> Void
  ) async throws(HTTPError) {
    let progress = await isolated { connection -> Writing in
      guard connection.exchange?.id == id else { return .impossible }
      work(connection)
      return connection.writing
    }
    switch progress {
    case .possible: return
    case .impossible: throw .disconnected
    case .overfull: try await waitForRoom()
    }
  }

  /// Does what the actor alone may do. Handlers run on the actor's own thread, so that it need not be waited for: that is as
  /// much as a job of the loop there and one back.
  private nonisolated func isolated<Value: Sendable>(_ work: @Sendable (isolated Connection) -> Value) async -> Value {
    if let value = atOnce(work) { return value }
    return await onLoop(work)
  }

  /// Nil on other threads than the loop's.
  private nonisolated func atOnce<Value: Sendable>(_ work: @Sendable (isolated Connection) -> Value) -> Value? {
    loop.isCurrent ? assumeIsolated(work) : nil
  }

  private func onLoop<Value: Sendable>(_ work: @Sendable (isolated Connection) -> Value) -> Value { work(self) }

  private func respond(_ head: HTTPResponse, body: [UInt8]) {
    var head = decorate(head)
    var body = body
    if ContentEncoder.isWorthwhile(head.headerFields, byteCount: body.count) {
      head.headerFields.append(HTTPField(name: .vary, value: "Accept-Encoding"))
      if exchange?.acceptsGzip == true, let compressed = ContentEncoder.gzip(body) {
        head.headerFields[.contentEncoding] = "gzip"
        body = compressed
      }
    }
    exchange?.status = head.status.code
    exchange?.sentBytes = body.count
    perform(machine.respond(head, body: body))
  }

  /// Adds the fields that every response has.
  private func decorate(_ head: HTTPResponse) -> HTTPResponse {
    var head = head
    head.headerFields[.date] = loop.httpDate
    if !context.serverName.isEmpty { head.headerFields[.server] = context.serverName }
    // What is sent as JSON or text is never to be taken for a page.
    head.headerFields[.contentTypeOptions] = "nosniff"
    context.cors.apply(to: &head.headerFields, origin: exchange?.origin)
    return head
  }
}
