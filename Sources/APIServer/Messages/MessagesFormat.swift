import JSON
import Serving

/// Anthropic's `POST /v1/messages` and `POST /v1/messages/count_tokens`.
struct MessagesFormat: WireFormat {
  let name = "messages"
  let intake: ChatIntake

  func accept(
    _ body: JSON, _ terms: RequestTerms, _ record: inout AccessRecord
  ) async throws -> AcceptedRequest<MessagesEncoder> {
    var request = try MessagesRequest(body, MessagesSchema.body)
    let generation: Generation
    do {
      generation = try await intake.begin(&request.chat, terms, &record).generation
    } catch {
      throw error.renamed(MessagesRequest.names)
    }
    return AcceptedRequest(
      generations: [generation],
      encoder: MessagesEncoder(
        model: request.chat.model, maximumTokens: request.maximumTokens, promptTokens: generation.promptTokens.count),
      delivery: request.chat.isStreamed ? .streamed : .whole, ignoredFields: request.chat.ignoredFields)
  }

  func envelope(_ error: APIError) -> JSON { MessagesError.envelope(error) }

  /// `POST /v1/messages/count_tokens`.
  func count(_ body: JSON, _ caller: Caller) async throws(APIError) -> Answer {
    var request = try MessagesRequest(body, MessagesSchema.countBody)
    do {
      let tokens = try await intake.prompt(&request.chat, caller).prompt.tokens
      return Answer(["input_tokens": .integer(tokens.count)], ignoredFields: request.chat.ignoredFields)
    } catch {
      throw error.renamed(MessagesRequest.names)
    }
  }
}
