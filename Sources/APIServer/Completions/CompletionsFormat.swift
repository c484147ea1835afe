import JSON
import Serving
import Tokenizer

/// `POST /v1/completions`.
struct CompletionsFormat: WireFormat {
  let name = "completions"
  let checkpoints: Checkpoints
  let models: ServedModels
  let unknownFields: UnknownFields
  let fingerprint: String

  func accept(
    _ body: JSON, _ terms: RequestTerms, _ record: inout AccessRecord
  ) async throws -> AcceptedRequest<CompletionsEncoder> {
    let tokenizer = checkpoints.tokenizer
    let request = try CompletionsRequest(body, tokenizer: tokenizer, name: record.requestID, terms)
    try record.use(model: request.model)
    let suffix = try models.requiredSuffix(of: request.model)
    guard suffix == nil || checkpoints.thinking != nil else {
      throw APIError.wrongValue("model", "A completion has no chat template, and so no mode: name the model alone.")
    }
    let service = checkpoints.service(for: suffix ?? checkpoints.modes.default)
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
      generations.append(generation)
      guard request.isEchoed else { continue }
      let text =
        switch prompt {
        case .text(let text): text
        case .tokens(let tokens): tokenizer.decode(tokens)
        }
      echoes.append(CompletionsEncoder.Echo(text: text, tokens: generation.promptTokens))
    }
    let head = ReplyHead(prefix: "cmpl-", model: request.model, fingerprint: fingerprint)
    return AcceptedRequest(
      generations: generations,
      encoder: CompletionsEncoder(head, request, echoes: echoes, tokenizer: tokenizer),
      delivery: request.isStreamed ? .streamed : .whole, ignoredFields: request.ignoredFields)
  }
}
