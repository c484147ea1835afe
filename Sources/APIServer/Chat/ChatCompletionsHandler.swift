import ChatTemplate
import HTTP
import HTTPTypes
import JSON
import Logging
import Serving

/// Answers `POST /v1/chat/completions`.
struct ChatCompletionsHandler: Sendable {
  let service: ChatService
  let models: ServedModels
  let body: BodyReader
  let heartbeat: Duration
  let fingerprint: String
  let logger: Logger

  /// A request that has been taken in.
  private struct Accepted {
    let request: ChatCompletionRequest
    let ignoredFields: [String]
    let generation: Generation
    let head: ReplyHead
  }

  /// Answers, and writes the access line whatever the outcome.
  func answer(_ request: Request, _ writer: consuming ResponseWriter) async throws {
    var record = AccessRecord(requestID: RequestIdentity.of(request.headerFields))
    defer { record.write(to: logger) }
    let accepted: Accepted
    do {
      accepted = try await accept(request, &record)
    } catch {
      guard let error = Self.answerable(error) else { throw error }
      record.fail(error)
      return try await send(error, record.requestID, writer)
    }
    if accepted.request.isStreamed {
      try await stream(accepted, writer, &record)
    } else {
      try await reply(accepted, writer, &record)
    }
  }

  /// What to tell the client of an error; nil where there is no client any more.
  private static func answerable(_ error: any Error) -> APIError? {
    switch error {
    case let error as APIError: error
    case let error as HTTPError: error.isDisconnect ? nil : APIError(error)
    default: nil
    }
  }

  // MARK: - Taking in

  private func accept(_ request: Request, _ record: inout AccessRecord) async throws -> Accepted {
    var parsed = try ChatCompletionRequest(try await body.json(of: request))
    record.model = parsed.model
    guard let suffix = models.suffix(of: parsed.model) else {
      throw APIError.unknownModel(parsed.model.excerpt, served: models.names, parameter: "model")
    }
    parsed.modeChoice.modelSuffix = suffix
    let chat = try chatRequest(&parsed, name: record.requestID)
    record.mode = chat.mode
    let generation: Generation
    do {
      generation = try await service.generate(chat)
    } catch {
      if case .promptTooLong(let promptTokens, _) = error { record.promptTokens = promptTokens }
      throw APIError(error)
    }
    record.promptTokens = generation.promptTokens.count
    if !parsed.ignoredFields.isEmpty {
      logger.notice("ignored request_id=\(record.requestID) fields=\(IgnoredFields.headerValue(parsed.ignoredFields))")
    }
    return Accepted(
      request: parsed, ignoredFields: parsed.ignoredFields, generation: generation,
      head: ReplyHead(model: parsed.model, fingerprint: fingerprint, serviceTier: parsed.serviceTier))
  }

  private func chatRequest(_ parsed: inout ChatCompletionRequest, name: String) throws(APIError) -> ChatRequest {
    let mode: Mode
    do {
      mode = try parsed.modeChoice.resolve(service.format.modes)
    } catch {
      throw APIError(error)
    }
    var chat = ChatRequest(name: name, messages: parsed.messages, mode: mode)
    chat.tools = parsed.tools
    chat.allowsParallelToolCalls = parsed.allowsParallelToolCalls
    chat.options.sampling = parsed.sampling
    chat.options.seed = parsed.seed
    chat.options.maximumTokens = parsed.maximumTokens
    chat.options.stop = parsed.stop
    chat.options.choices = parsed.choices
    chat.options.scoredAlternatives = parsed.scoredAlternatives
    chat.options.terms.cacheSalt = parsed.cacheSalt
    chat.options.wantsCacheReport = parsed.wantsCacheReport
    chat.cacheBreakpoints = parsed.cacheBreakpoints
    chat.thinkingBudget = mode == .thinking ? parsed.thinkingBudget : nil
    let variables = service.format.template.referencedVariables
    for (key, value) in parsed.templateArguments {
      if variables.contains(key) {
        chat.templateArguments[key] = value
      } else {
        parsed.ignoredFields.append("chat_template_kwargs.\(key)")
      }
    }
    // Some templates tell the model how hard to think.
    let effort = "reasoning_effort"
    if let given = parsed.modeChoice.reasoningEffort, variables.contains(effort), chat.templateArguments[effort] == nil
    {
      chat.templateArguments[effort] = .string(given)
    }
    return chat
  }

  // MARK: - Answering

  private func reply(
    _ accepted: Accepted, _ writer: consuming ResponseWriter, _ record: inout AccessRecord
  ) async throws {
    switch try await collect(accepted, &record) {
    case .success(let completion):
      var bytes: [UInt8] = []
      completion.append(to: &bytes)
      var fields = headerFields(accepted, record.requestID)
      fields[.contentType] = "application/json"
      try await writer.send(status: .ok, headerFields: fields, body: bytes)
    case .failure(let error):
      record.fail(error)
      try await send(error, record.requestID, writer)
    }
  }

  private func collect(_ accepted: Accepted, _ record: inout AccessRecord) async throws -> Result<JSON, APIError> {
    var choices = Array(repeating: ReplyCollector(), count: accepted.generation.ids.count)
    for await event in accepted.generation.events {
      switch event {
      case .promptScores: break
      case .output(let event, let scores, let choice):
        record.noteOutput()
        choices[choice].take(event, scores)
      case .ended(let end, let choice):
        record.noteEnd(end.reason)
        choices[choice].take(end)
      case .finished(let usage):
        record.finish(usage)
        let encoder = scoreEncoder(accepted)
        return .success(
          accepted.head.object(
            "chat.completion", choices: choices.enumerated().map { $1.choice($0, encoder: encoder) },
            usage: usage.json, report: usage.cacheReport?.json(service.format.tokenizer)))
      case .failed(let error): return .failure(APIError(error))
      }
    }
    // The events end early only where the client has gone.
    throw HTTPError.disconnected
  }

  /// Writes scores where they were asked for.
  private func scoreEncoder(_ accepted: Accepted) -> TokenScoreEncoder? {
    accepted.request.scoredAlternatives == nil ? nil : TokenScoreEncoder(tokenizer: service.format.tokenizer)
  }

  private func stream(
    _ accepted: Accepted, _ writer: consuming ResponseWriter, _ record: inout AccessRecord
  ) async throws {
    let stream = ReplyStream(
      try await writer.startEventStream(headerFields: headerFields(accepted, record.requestID)), heartbeat: heartbeat)
    var encoder = ChunkEncoder(
      accepted.head, includesUsage: accepted.request.includesUsage, encoder: scoreEncoder(accepted))
    try await stream.keepAlive {
      for await event in accepted.generation.events {
        switch event {
        case .promptScores: break
        case .output(let event, let scores, let choice):
          record.noteOutput()
          for chunk in encoder.chunks(for: event, scores, choice: choice) { try await stream.send(chunk) }
        case .ended(let end, let choice):
          record.noteEnd(end.reason)
          for chunk in encoder.chunks(for: end, choice: choice) { try await stream.send(chunk) }
        case .finished(let usage):
          record.finish(usage)
          let report = usage.cacheReport?.json(service.format.tokenizer)
          for chunk in encoder.chunks(for: usage, report) { try await stream.send(chunk) }
        case .failed(let error):
          // The head is out, so the failure is told of in the stream.
          let error = APIError(error)
          record.fail(error)
          try await stream.send(error.body)
        }
      }
      try Task.checkCancellation()
    }
    try await stream.send(ChunkEncoder.done)
    try await stream.finish()
  }

  private func send(_ error: APIError, _ requestID: String, _ writer: consuming ResponseWriter) async throws {
    var fields = error.headerFields
    fields[.contentType] = "application/json"
    fields[.requestID] = requestID
    try await writer.send(status: error.status, headerFields: fields, body: error.body)
  }

  private func headerFields(_ accepted: Accepted, _ requestID: String) -> HTTPFields {
    var fields: HTTPFields = [.requestID: requestID]
    if !accepted.ignoredFields.isEmpty {
      fields[.ignoredFields] = IgnoredFields.headerValue(accepted.ignoredFields)
    }
    return fields
  }
}
