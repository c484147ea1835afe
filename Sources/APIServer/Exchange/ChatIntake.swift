import ChatTemplate
import JSON
import Serving

/// Turns a chat request into a generation: model, mode, template arguments. Every API that knows conversations reads
/// its requests into a `ChatCompletionRequest` and hands that over here.
struct ChatIntake: Sendable {
  let models: ServedModels
  let unknownFields: UnknownFields

  /// A request that a model's service has.
  struct Begun: Sendable {
    let generation: Generation
    let checkpoints: Checkpoints
    /// What `system_fingerprint` is.
    let fingerprint: String
  }

  /// Hands a request to its model's service, once the model is loaded; template arguments no template asks for are added
  /// to its ignored fields.
  /// - Parameter isTruncated: whether the oldest turns are left out where the prompt does not fit.
  func begin(
    _ parsed: inout ChatCompletionRequest, isTruncated: Bool = false, _ terms: RequestTerms,
    _ record: inout AccessRecord
  ) async throws(APIError) -> Begun {
    try record.use(model: parsed.model)
    let choice = try models.required(parsed.model)
    return try await models.with(choice, deadline: terms.deadline) { checkpoints throws(APIError) in
      if isTruncated { try await shorten(&parsed, choice, checkpoints) }
      var chat = try chatRequest(&parsed, name: record.requestID, choice, checkpoints)
      chat.options.terms = terms
      chat.options.terms.cacheSalt = parsed.cacheSalt
      chat.options.terms.priority = parsed.priority
      record.mode = chat.mode
      try unknownFields.check(parsed.ignoredFields)
      do throws(GenerationError) {
        let generation = try await checkpoints.service(for: chat.mode).generate(chat)
        record.begin(generation)
        return Begun(
          generation: generation, checkpoints: checkpoints, fingerprint: models.fingerprint(choice, checkpoints))
      } catch {
        if case .promptTooLong(let promptTokens, _) = error { record.promptTokens = promptTokens }
        throw APIError(error)
      }
    }
  }

  /// What the model would read.
  /// - Parameter caller: who asks.
  func prompt(
    _ parsed: inout ChatCompletionRequest, _ caller: Caller
  ) async throws(APIError) -> (prompt: ChatFormat.Prompt, checkpoints: Checkpoints) {
    try caller.check(model: parsed.model)
    let choice = try models.required(parsed.model)
    return try await models.with(choice) { checkpoints throws(APIError) in
      (try await prompt(&parsed, choice, checkpoints), checkpoints)
    }
  }

  /// What the model would read.
  func prompt(
    _ parsed: inout ChatCompletionRequest, _ choice: ServedModels.Choice, _ checkpoints: Checkpoints
  ) async throws(APIError) -> ChatFormat.Prompt {
    let chat = try chatRequest(&parsed, name: "", choice, checkpoints)
    do {
      return try await checkpoints.service(for: chat.mode).prompt(for: chat)
    } catch {
      throw APIError(error)
    }
  }

  /// The request as the service takes it.
  private func chatRequest(
    _ parsed: inout ChatCompletionRequest, name: String, _ choice: ServedModels.Choice, _ checkpoints: Checkpoints
  ) throws(APIError) -> ChatRequest {
    parsed.modeChoice.modelSuffix = choice.mode
    let thinking: ThinkingPlan
    do {
      thinking = try parsed.modeChoice.resolve(checkpoints.modes)
    } catch {
      throw APIError(error)
    }
    var chat = ChatRequest(name: name, messages: parsed.messages, mode: thinking.mode)
    chat.thinkingBudget = thinking.budget
    chat.continuesFinalMessage = parsed.continuesFinalMessage
    chat.addsGenerationPrompt = parsed.addsGenerationPrompt
    chat.tools = parsed.tools.tools
    chat.toolFields = parsed.tools.places
    chat.toolChoice = parsed.tools.choice
    chat.allowsParallelToolCalls = parsed.tools.allowsParallelCalls
    chat.options.sampling = parsed.sampling
    chat.options.seed = parsed.seed
    chat.options.maximumTokens = parsed.maximumTokens
    chat.options.stop = parsed.stop
    chat.options.choices = parsed.choices
    chat.options.scoredAlternatives = parsed.scoredAlternatives
    chat.options.constraint = parsed.constraint
    chat.options.wantsCacheReport = parsed.wantsCacheReport
    chat.options.draftTokens = parsed.draftTokens
    chat.options.prediction = parsed.prediction
    chat.cacheBreakpoints = parsed.cacheBreakpoints
    let variables = checkpoints.service(for: thinking.mode).format.template.referencedVariables
    for (key, value) in parsed.templateArguments {
      if variables.contains(key) {
        chat.templateArguments[key] = value
      } else {
        parsed.ignoredFields.append("chat_template_kwargs.\(key)")
      }
    }
    // Some templates tell the model how hard, or how long, to think.
    let hints: [(String, JSON?)] = [
      ("reasoning_effort", parsed.modeChoice.effort.map(JSON.string)),
      ("thinking_budget", thinking.budget.map(JSON.integer)),
    ]
    for (name, value) in hints where variables.contains(name) { chat.templateArguments[name] = value }
    return chat
  }
}
