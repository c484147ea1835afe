import JSON
import Serving
import Tokenizer

/// `POST /v1/completions`.
struct CompletionsFormat: WireFormat {
  let name = "completions"
  let models: ServedModels
  let unknownFields: UnknownFields

  func accept(
    _ body: JSON, _ terms: RequestTerms, _ record: inout AccessRecord
  ) async throws -> AcceptedRequest<CompletionsEncoder> {
    var request = try CompletionsRequest(body, name: record.requestID, terms)
    try record.use(model: request.model)
    let choice = try models.required(request.model)
    return try await models.with(choice, deadline: terms.deadline) { checkpoints throws(APIError) in
      try await accept(&request, choice, checkpoints, &record)
    }
  }

  private func accept(
    _ request: inout CompletionsRequest, _ choice: ServedModels.Choice, _ checkpoints: Checkpoints,
    _ record: inout AccessRecord
  ) async throws(APIError) -> AcceptedRequest<CompletionsEncoder> {
    let tokenizer = checkpoints.tokenizer
    try request.fillIn(tokenizer)
    guard choice.mode == nil || checkpoints.thinking != nil else {
      throw APIError.wrongValue("model", "A completion has no chat template, and so no mode: name the model alone.")
    }
    let service = checkpoints.service(for: choice.mode ?? checkpoints.modes.default)
    try unknownFields.check(request.ignoredFields)
    var generations: [Generation] = []
    var echoes: [CompletionsEncoder.Echo] = []
    for prompt in request.prompts {
      let generation: Generation
      do {
        generation = try await service.generate(request.request(for: prompt))
      } catch {
        // Those that were taken in already end when they are dropped.
        throw APIError(error).renamed(["messages": "prompt"])
      }
      record.begin(generation)
      generations.append(generation)
      guard request.isEchoed else { continue }
      let text =
        switch prompt {
        case .text(let text): text
        case .tokens(let tokens): tokenizer.decode(tokens)
        }
      echoes.append(CompletionsEncoder.Echo(text: text, tokens: generation.promptTokens))
    }
    let head = ReplyHead(
      prefix: "cmpl-", model: request.model, fingerprint: models.fingerprint(choice, checkpoints))
    return AcceptedRequest(
      generations: generations,
      encoder: CompletionsEncoder(head, request, echoes: echoes, tokenizer: tokenizer),
      delivery: request.isStreamed ? .streamed : .whole, ignoredFields: request.ignoredFields)
  }
}
