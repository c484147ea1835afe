import HTTP
import HTTPTypes
import Host
import JSON
import Logging
import Serving

/// Takes requests of any wire format in, and sends their replies, streamed or whole.
struct ReplyExchange: Sendable {
  let body: BodyReader
  let heartbeat: Duration
  let unknownFields: UnknownFields
  let termsReader: TermsReader
  let access: AccessControl
  let host: any HostSystem
  let logger: Logger

  /// Answers, and writes the access line whatever the outcome.
  func answer<Format: WireFormat>(
    _ request: Request, _ writer: consuming ResponseWriter, as format: Format
  ) async throws {
    var record = AccessRecord(format.name, requestID: RequestIdentity.of(request.headerFields), caller(request))
    var isDetached = false
    defer { if !isDetached { close(record) } }
    let accepted: AcceptedRequest<Format.Encoder>
    do {
      // Deadlines count from here: before the body, which may be long on its way.
      let terms = try termsReader.terms(
        of: request.headerFields, principal: request.principal, at: host.now)
      accepted = try await format.accept(try await body.json(of: request), terms, &record)
      for generation in accepted.generations { try await admitted(generation) }
    } catch {
      let error = try Self.answerable(error)
      record.fail(error)
      return try await send(error, as: format, record.requestID, writer)
    }
    if !accepted.ignoredFields.isEmpty {
      logger.notice(
        "ignored request_id=\(record.requestID) fields=\(IgnoredFields.headerValue(accepted.ignoredFields))")
    }
    switch accepted.delivery {
    case .whole: try await reply(accepted, as: format, writer, &record)
    case .streamed: try await stream(accepted, as: format, writer, &record)
    case .background(let isStreamed):
      isDetached = true
      try await detach(accepted, as: format, isStreamed: isStreamed, writer, record)
    }
  }

  /// Waits until a request is in the queue, or refused: then there is still a status to say so with.
  private func admitted(_ generation: Generation) async throws(APIError) {
    do {
      try await generation.admitted()
    } catch {
      throw APIError(error)
    }
  }

  /// A request is over: writes its line, and charges its key with the tokens.
  private func close(_ record: AccessRecord) {
    record.write(to: logger)
    access.charge(record.caller.principal, tokens: record.tokensTaken)
  }

  /// Who sent a request.
  func caller(_ request: Request) -> Caller {
    Caller(principal: request.principal, allowedModels: access.models(of: request.principal))
  }

  /// What to tell the client of an error.
  /// - Throws: the error where there is no client any more, or it is not for clients.
  static func answerable(_ error: any Error) throws -> APIError {
    switch error {
    case let error as APIError where error.isDisconnect: throw HTTPError.disconnected
    case let error as APIError: return error
    case let error as HTTPError where !error.isDisconnect: return APIError(error)
    default: throw error
    }
  }

  private func reply<Format: WireFormat>(
    _ accepted: AcceptedRequest<Format.Encoder>, as format: Format, _ writer: consuming ResponseWriter,
    _ record: inout AccessRecord
  ) async throws {
    var encoder = accepted.encoder
    _ = encoder.begin()
    let error = try await Self.follow(accepted.generations, &encoder, as: format, &record) { _ in }
    if let error { return try await send(error, as: format, record.requestID, writer) }
    try await writer.send(
      status: .ok,
      headerFields: headerFields(accepted.ignoredFields, record.requestID, contentType: "application/json"),
      body: encoder.whole().bytes)
  }

  /// Lets the reply be made without the client waiting for it, and sends what there is of it now, or its events.
  private func detach<Format: WireFormat>(
    _ accepted: AcceptedRequest<Format.Encoder>, as format: Format, isStreamed: Bool,
    _ writer: consuming ResponseWriter, _ record: AccessRecord
  ) async throws {
    var encoder = accepted.encoder
    let first = encoder.begin()
    let beginning = encoder.whole()
    format.start(encoder, events: isStreamed ? first : nil) { [encoder] in
      Task {
        var making = encoder
        var record = record
        var last: [ReplyFrame] = []
        // Ends early only if it is cancelled.
        if let error = try? await Self.follow(
          accepted.generations, &making, as: format, &record, send: { format.tell($0, of: encoder, isLast: false) })
        {
          last = making.fail(error)
          format.completed(making)
        }
        format.tell(last, of: encoder, isLast: true)
        close(record)
      }
    }
    let fields = headerFields(
      accepted.ignoredFields, record.requestID, contentType: isStreamed ? nil : "application/json")
    guard !isStreamed else { return try await relay(format.events(of: encoder), writer, fields) }
    try await writer.send(status: .ok, headerFields: fields, body: beginning.bytes)
  }

  /// Sends events that come about elsewhere, as a stream.
  func relay(
    _ events: AsyncStream<[ReplyFrame]>, _ writer: consuming ResponseWriter, _ fields: HTTPFields
  ) async throws {
    let stream = ReplyStream(try await writer.startEventStream(headerFields: fields), heartbeat: heartbeat, host: host)
    try await stream.keepAlive {
      for await frames in events { try await stream.send(frames) }
    }
    try await stream.finish()
  }

  private func stream<Format: WireFormat>(
    _ accepted: AcceptedRequest<Format.Encoder>, as format: Format, _ writer: consuming ResponseWriter,
    _ record: inout AccessRecord
  ) async throws {
    let stream = ReplyStream(
      try await writer.startEventStream(headerFields: headerFields(accepted.ignoredFields, record.requestID)),
      heartbeat: heartbeat, host: host)
    var encoder = accepted.encoder
    try await stream.keepAlive {
      try await stream.send(encoder.begin())
      let error = try await Self.follow(accepted.generations, &encoder, as: format, &record) { frames in
        try await stream.send(frames)
      }
      // The head is out, so a failure is told of in the stream.
      if let error { try await stream.send(encoder.fail(error)) }
    }
    try await stream.finish()
  }

  /// Tells the encoder everything that happens to the replies, and `send` what it makes of that.
  /// - Returns: the failure that ended the replies, if one did.
  /// - Throws: what `send` throws; `HTTPError.disconnected` where the events end early, which they do only if the client
  ///   has gone.
  private static func follow<Format: WireFormat>(
    _ generations: [Generation], _ encoder: inout Format.Encoder, as format: Format, _ record: inout AccessRecord,
    send: ([ReplyFrame]) async throws -> Void
  ) async throws -> APIError? {
    var total = TokenUsage(promptTokens: 0)
    var firstChoice = 0
    for generation in generations {
      var isFinished = false
      for await event in generation.events {
        switch event {
        case .promptScores(let scores):
          try await send(encoder.take(promptScores: scores, choice: firstChoice))
        case .output(let event, let scores, let choice):
          record.noteOutput()
          try await send(encoder.take(event, scores, choice: firstChoice + choice))
        case .ended(let end, let choice):
          record.noteEnd(end.reason)
          try await send(encoder.take(end, choice: firstChoice + choice))
        case .finished(let usage):
          isFinished = true
          total.add(usage)
        case .failed(let error):
          let error = APIError(error)
          record.fail(error)
          return error
        }
      }
      guard isFinished else { throw HTTPError.disconnected }
      firstChoice += generation.ids.count
    }
    record.finish(total)
    let last = encoder.finish(total)
    // Before the client can know that the replies are whole.
    format.completed(encoder)
    try await send(last)
    return nil
  }

  private func send(
    _ error: APIError, as format: some WireFormat, _ requestID: String, _ writer: consuming ResponseWriter
  ) async throws {
    var fields = error.headerFields
    fields[.contentType] = "application/json"
    fields[.requestID] = requestID
    try await writer.send(status: error.status, headerFields: fields, body: format.envelope(error).bytes)
  }

  private func headerFields(
    _ ignoredFields: [String], _ requestID: String, contentType: String? = nil
  ) -> HTTPFields {
    var fields: HTTPFields = [.requestID: requestID]
    fields[.contentType] = contentType
    if !ignoredFields.isEmpty { fields[.ignoredFields] = IgnoredFields.headerValue(ignoredFields) }
    return fields
  }
}

extension TokenUsage {
  /// Adds what another prompt and its replies took.
  fileprivate mutating func add(_ other: TokenUsage) {
    promptTokens += other.promptTokens
    cachedTokens += other.cachedTokens
    completionTokens += other.completionTokens
    reasoningTokens += other.reasoningTokens
    acceptedPredictionTokens += other.acceptedPredictionTokens
    rejectedPredictionTokens += other.rejectedPredictionTokens
    // A request with a report has one prompt.
    cacheReport = cacheReport ?? other.cacheReport
  }
}
