import JSON
import Serving

/// `POST /v1/responses` and `POST /v1/responses/input_tokens`.
struct ResponsesFormat: WireFormat {
  let name = "responses"
  let intake: ChatIntake
  let store: ResponseStore

  func accept(
    _ body: JSON, _ terms: RequestTerms, _ record: inout AccessRecord
  ) async throws -> AcceptedRequest<ResponsesEncoder> {
    var request = try ResponsesRequest(body, ResponsesSchema.body, store: store, owner: record.caller.principal)
    let begun: ChatIntake.Begun
    do {
      begun = try await intake.begin(&request.chat, isTruncated: request.isTruncated, terms, &record)
    } catch {
      throw error.renamed(ResponsesRequest.names)
    }
    let service = begun.checkpoints.service(for: record.mode ?? begun.checkpoints.modes.default)
    let object = ResponseObject(
      body, model: request.chat.model, sampling: service.format.sampling, isStored: request.isStored)
    return AcceptedRequest(
      generations: [begun.generation],
      encoder: ResponsesEncoder(
        object, input: request.input, owner: record.caller.principal,
        scoreEncoder: request.chat.scoredAlternatives == nil
          ? nil : TokenScoreEncoder(tokenizer: begun.checkpoints.tokenizer),
        keeping: request.isBackground ? .throughout : request.isStored ? .atEnd : .nothing),
      delivery: request.isBackground
        ? .background(isStreamed: request.chat.isStreamed) : request.chat.isStreamed ? .streamed : .whole,
      ignoredFields: request.chat.ignoredFields)
  }

  func completed(_ encoder: ResponsesEncoder) {
    let entry = entry(encoder)
    switch encoder.keeping {
    case .nothing: break
    case .atEnd: store.keep(entry, as: encoder.object.id)
    case .throughout: store.finish(entry, as: encoder.object.id)
    }
  }

  func start(_ encoder: ResponsesEncoder, events: [ReplyFrame]?, _ makeTask: () -> Task<Void, Never>) {
    store.start(entry(encoder), as: encoder.object.id, events: events, makeTask)
  }

  func tell(_ events: [ReplyFrame], of encoder: ResponsesEncoder, isLast: Bool) {
    store.append(events, to: encoder.object.id, isLast: isLast)
  }

  func events(of encoder: ResponsesEncoder) -> AsyncStream<[ReplyFrame]> {
    store.events(of: encoder.object.id, from: 0) ?? AsyncStream { $0.finish() }
  }

  private func entry(_ encoder: ResponsesEncoder) -> ResponseStore.Entry {
    ResponseStore.Entry(response: encoder.whole(), input: encoder.input, owner: encoder.owner)
  }

  /// `POST /v1/responses/input_tokens`.
  func count(_ body: JSON, _ caller: Caller) async throws(APIError) -> Answer {
    var request = try ResponsesRequest(body, ResponsesSchema.countBody, store: store, owner: caller.principal)
    do {
      let tokens = try await intake.prompt(&request.chat, caller).prompt.tokens
      return Answer(
        ["object": "response.input_tokens", "input_tokens": .integer(tokens.count)],
        ignoredFields: request.chat.ignoredFields)
    } catch {
      throw error.renamed(ResponsesRequest.names)
    }
  }
}
