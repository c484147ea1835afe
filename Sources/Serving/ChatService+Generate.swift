import Engine
import Foundation
import Grammar
import OutputParsing
import Sampling
import Scheduler
import Tokenizer

extension ChatService {
  /// Takes a chat request in.
  ///
  /// - Throws: every `GenerationError` that is known before the first step: a template that refuses, a prompt that is
  ///   too long, a full queue, a server that stops.
  public func generate(_ request: ChatRequest) async throws(GenerationError) -> Generation {
    try await admitting(request.options.choices) { ids throws(GenerationError) in
      let ((prompt, cache), grammar, calls, drafts) = try await preparing {
        [format, caching, grammars, drafting] () throws(GenerationError) in
        let (prompt, cache) = try caching.prompt(for: request, format, now: Date())
        return (
          (prompt, cache), try grammars.grammar(for: request.options.constraint),
          try grammars.grammar(for: format.calls(for: request)),
          drafting.terms(for: request.options, prompt.tokens, format.tokenizer)
        )
      }
      let parser = OutputParser(
        format: format.outputFormat(for: request, startsInReasoning: prompt.startsInReasoning))
      let thinking = request.thinkingBudget.flatMap { ThinkingLimit(budget: $0, closings: format.closings) }
      var options = request.options
      options.sampling = format.sampling(options.sampling, mode: request.mode)
      let constraint = constraint(
        grammar, calls, isRequired: request.toolChoice != .automatic,
        format.openings(for: request, startsInReasoning: prompt.startsInReasoning))
      return try submit(ids, prompt.tokens, named: "messages", options, cache, constraint, drafts) { maximumTokens in
        ReplyReader(
          detokenizer: format.tokenizer.makeDetokenizer(skippingSpecialTokens: true), parser: parser,
          limits: ReplyReader.Limits(
            maximumTokens: maximumTokens, thinking: thinking,
            allowsParallelToolCalls: request.allowsParallelToolCalls && !request.toolChoice.isSingle,
            endTokens: format.endTokens),
          promptTokens: prompt.tokens.count)
      }
    }
  }

  /// A chat request as the model reads it.
  package func prompt(for request: ChatRequest) async throws(GenerationError) -> ChatFormat.Prompt {
    try await preparing { [format] () throws(GenerationError) in try format.prompt(for: request, now: Date()) }
  }

  /// A prompt that no template has a part in as the model reads it.
  package func tokens(of prompt: CompletionRequest.Prompt) async throws(GenerationError) -> [Int32] {
    try await preparing { [format] () throws(GenerationError) in try format.tokens(of: prompt) }
  }

  /// Takes a request in that goes on from a prompt as it is.
  ///
  /// - Throws: as for a chat request; `invalidParameter` for a token the model does not have.
  public func generate(_ request: CompletionRequest) async throws(GenerationError) -> Generation {
    try await admitting(request.options.choices) { ids throws(GenerationError) in
      let (tokens, grammar, drafts) = try await preparing { [format, grammars, drafting] () throws(GenerationError) in
        let tokens = try format.tokens(of: request.prompt)
        return (
          tokens, try grammars.grammar(for: request.options.constraint),
          drafting.terms(for: request.options, tokens, format.tokenizer)
        )
      }
      let parser = OutputParser(format: OutputFormat(stop: request.options.stop))
      return try submit(
        ids, tokens, named: "prompt", request.options, caching.cache(for: request), constraint(grammar), drafts,
        promptAlternatives: request.promptAlternatives
      ) { maximumTokens in
        ReplyReader(
          detokenizer: format.tokenizer.makeDetokenizer(skippingSpecialTokens: request.skipsSpecialTokens),
          parser: parser,
          limits: ReplyReader.Limits(maximumTokens: maximumTokens, endTokens: format.endTokens),
          promptTokens: tokens.count, scoresTextlessTokens: true)
      }
    }
  }

  /// What a reply has to follow; nil where no grammar is asked for.
  ///
  /// - Parameter isRequired: whether there have to be calls, instead of content.
  private func constraint(
    _ grammar: CompiledGrammar?, _ calls: CompiledToolCalls? = nil, isRequired: Bool = false,
    _ openings: ReplyConstraint.Openings = ReplyConstraint.Openings()
  ) -> ReplyConstraint? {
    if isRequired, let calls {
      return ReplyConstraint(
        requiring: calls, vocabularySize: vocabularySize, tokenizer: format.tokenizer, endTokens: format.endTokens,
        openings: openings)
    }
    guard grammar != nil || calls != nil else { return nil }
    return ReplyConstraint(
      content: grammar?.makeMatcher(), calls: calls, vocabularySize: vocabularySize, tokenizer: format.tokenizer,
      endTokens: format.endTokens, openings: openings)
  }

  /// - Parameter field: what the prompt is called in errors.
  private func submit(
    _ ids: [RequestID], _ prompt: [Int32], named field: String, _ options: GenerationOptions, _ cache: PromptCache?,
    _ constraint: ReplyConstraint?, _ drafts: DraftTerms,
    promptAlternatives: Int? = nil, reader: (_ maximumTokens: Int) -> ReplyReader
  ) throws(GenerationError) -> Generation {
    guard !prompt.isEmpty else { throw .invalidParameter(name: field, message: "The prompt is empty.") }
    let room = contextLength - prompt.count
    guard room >= 1 else { throw .promptTooLong(promptTokens: prompt.count, contextLength: contextLength) }
    let vocabularySize = format.tokenizer.vocabularySize
    if let stranger = options.sampling.bias.keys.first(where: { $0 < 0 || Int($0) >= vocabularySize }) {
      throw .invalidParameter(
        name: "logit_bias",
        message: "logit_bias names token \(stranger), but this model's tokens are 0 to \(vocabularySize - 1).")
    }
    let maximumTokens = min(options.maximumTokens ?? room, room)
    let sampling = try format.sampling.parameters(
      options.sampling, seed: options.seed ?? UInt64.random(in: .min ... .max))
    let reader = reader(maximumTokens)
    let choices = ids.enumerated().map { index, id in
      Submission.Choice(
        id: id, sampling: sampling.choice(index), reader: reader, constraint: constraint, drafting: drafts)
    }
    return post(ids) { events, verdict in
      Submission(
        name: options.name, prompt: prompt, cache: cache, maximumTokens: maximumTokens, choices: choices,
        scoredAlternatives: options.scoredAlternatives, promptAlternatives: promptAlternatives, terms: options.terms,
        arrival: options.arrival, events: events, meter: TokenMeter(), verdict: verdict)
    }
  }
}

extension DraftingConfiguration {
  /// Who guesses the tokens of the replies to a prompt.
  fileprivate func terms(for options: GenerationOptions, _ prompt: [Int32], _ tokenizer: Tokenizer) -> DraftTerms {
    var terms = DraftTerms(maximum: min(count, max(0, options.draftTokens ?? count)))
    terms.forced = min(forced, max(0, options.draftTokens ?? forced))
    guard terms.maximum > 0 else { return terms }
    terms.usesHead = source == .mtp
    guard source == .lookup || options.prediction != nil else { return terms }
    var lookup = PromptLookup()
    lookup.append(prompt)
    if let prediction = options.prediction { lookup.expect(tokenizer.encode(prediction)) }
    terms.lookup = lookup
    return terms
  }
}
