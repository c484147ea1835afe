import Engine
import Metrics
import Sampling
import Scheduler

/// A request on its way to the step loop.
struct Submission: Sendable {
  /// One of the replies wanted.
  struct Choice: Sendable {
    let id: RequestID
    let sampling: SamplingParameters
    let reader: ReplyReader
    /// What the content has to follow; nil leaves it free.
    let constraint: ReplyConstraint?
    /// Who guesses its tokens.
    let drafting: DraftTerms
  }

  /// Names the request in the log.
  let name: String
  let prompt: [Int32]
  /// Nil: the prompt is computed whole, and nothing of it is kept.
  let cache: PromptCache?
  /// Tokens of each reply; 0 if only the prompt is scored.
  let maximumTokens: Int
  /// At least one.
  let choices: [Choice]
  /// How many likely tokens are told beside each generated one; nil: no scores.
  let scoredAlternatives: Int?
  /// The same of the prompt's tokens. Then the prompt is computed from its beginning.
  let promptAlternatives: Int?
  let terms: RequestTerms
  /// When the request came in.
  let arrival: ContinuousClock.Instant
  let events: AsyncStream<GenerationEvent>.Continuation
  let meter: TokenMeter
  /// Hears whether it is taken into the queue.
  let verdict: Verdict
}

/// The replies to one request, as the step loop knows them.
final class ReplyGroup {
  let name: String
  let ids: [RequestID]
  let terms: RequestTerms
  /// What the prompt shares.
  let cache: PromptCache?
  let meter: TokenMeter
  private let promptAlternatives: Int?
  private let promptTokens: [Int32]
  private let events: AsyncStream<GenerationEvent>.Continuation
  private let verdict: Verdict
  private let arrival: ContinuousClock.Instant
  private let metrics: ServiceMetrics
  private var promptScores: [TokenScore?]
  private var scoredCount = 0
  private var open: Int
  private(set) var usage: TokenUsage

  init(_ submission: Submission, _ metrics: ServiceMetrics) {
    name = submission.name
    ids = submission.choices.map(\.id)
    terms = submission.terms
    cache = submission.cache
    promptAlternatives = submission.promptAlternatives
    promptTokens = submission.prompt
    events = submission.events
    meter = submission.meter
    verdict = submission.verdict
    arrival = submission.arrival
    self.metrics = metrics
    promptScores = promptAlternatives == nil ? [] : Array(repeating: nil, count: submission.prompt.count)
    open = submission.choices.count
    usage = TokenUsage(promptTokens: submission.prompt.count)
  }

  private var isPromptScored: Bool { scoredCount == promptTokens.count - 1 }

  /// Records that the prompt is begun, and what need not be computed of it.
  func note(_ admitted: AdmittedRequest) {
    meter.note(promptTokens: promptTokens.count)
    metrics.note(admitted, promptTokens: promptTokens.count)
    usage.cachedTokens = admitted.reusedTokens
    usage.cacheReport = admitted.report.map { PromptCacheReport($0, promptTokens) }
  }

  /// Whether the logits at a token of the prompt are wanted.
  func scoresPrompt(from position: Int) -> Bool {
    promptAlternatives != nil && position < promptTokens.count - 1 && !isPromptScored
  }

  /// Scores the token after `position` by the logits there, if it is the prompt's and not scored yet.
  func score(after position: Int, _ row: UnsafeBufferPointer<Float>, _ sampler: inout Sampler) {
    let next = position + 1
    guard let promptAlternatives, next < promptTokens.count, promptScores[next] == nil else { return }
    promptScores[next] = sampler.score(row, of: promptTokens[next], alternatives: promptAlternatives)
    scoredCount += 1
  }

  /// Tells what a token adds to a reply.
  func deliver(_ step: ReplyStep, choice: Int) {
    if isPromptScored, !promptScores.isEmpty {
      events.yield(.promptScores(promptScores))
      promptScores = []
    }
    for (event, scores) in step.output { events.yield(.output(event, scores: scores, choice: choice)) }
    guard let end = step.end else { return }
    metrics.note(end)
    usage.add(reply: end.usage)
    open -= 1
    events.yield(.ended(end, choice: choice))
    guard open == 0 else { return }
    metrics.requestLatency.observe((ContinuousClock.now - arrival) / .seconds(1))
    events.yield(.finished(usage))
    events.finish()
  }

  /// The request is in the queue.
  func admit() { verdict.decide(.success(())) }

  /// A reply has got a token, after another one or as its first.
  func noteToken(of choice: Int, after previous: ContinuousClock.Instant?, at time: ContinuousClock.Instant) {
    if let previous {
      metrics.interTokenLatency.observe((time - previous) / .seconds(1))
    } else if choice == 0 {
      metrics.timeToFirstToken.observe((time - arrival) / .seconds(1))
    }
  }

  func fail(_ error: GenerationError) {
    verdict.decide(.failure(error))
    events.yield(.failed(error))
    events.finish()
  }
}

/// A reply the step loop works on.
final class ActiveReply {
  let group: ReplyGroup
  let choice: Int
  /// Prompt and reply so far.
  var tokens: [Int32]
  /// Tokens of prompt and reply, at most.
  private let longest: Int
  private let sampling: SamplingParameters
  private let scoredAlternatives: Int?
  private var history: TokenHistory
  private(set) var reader: ReplyReader
  private var constraint: ReplyConstraint?
  /// What the content has to follow behind the tokens guessed so far.
  private var guessedConstraint: ReplyConstraint?
  private(set) var drafts: ReplyDrafts
  /// Guesses that were verified, and those of them that were right.
  private var (drafted, accepted) = (0, 0)
  /// Whether no token could be chosen that follows the grammar, as finding one took too much.
  private(set) var isBeyondConstraint = false
  /// When the last token was chosen.
  private var lastToken: ContinuousClock.Instant?

  init(_ submission: Submission, choice: Int, group: ReplyGroup) {
    self.group = group
    self.choice = choice
    tokens = submission.prompt
    tokens.reserveCapacity(submission.prompt.count + min(submission.maximumTokens, 1024))
    sampling = submission.choices[choice].sampling
    scoredAlternatives = submission.scoredAlternatives
    history = sampling.adjustment.looksBack ? TokenHistory(prompt: submission.prompt) : TokenHistory()
    reader = submission.choices[choice].reader
    constraint = submission.choices[choice].constraint
    drafts = ReplyDrafts(submission.choices[choice].drafting)
    longest = submission.prompt.count + max(1, submission.maximumTokens)
  }

  /// The tokens of the reply so far.
  var replyTokens: ArraySlice<Int32> { tokens[group.usage.promptTokens...] }

  /// Records what the prompt need not be computed of.
  func note(_ admitted: AdmittedRequest) {
    if choice == 0 { group.note(admitted) }
  }

  /// Whether the logits of all tokens from `position` on are wanted, not only the last one's.
  func needsAllLogits(from position: Int) -> Bool { choice == 0 && group.scoresPrompt(from: position) }

  /// Chooses the next token from the logits of the last one.
  func choose(_ row: UnsafeBufferPointer<Float>, _ sampler: inout Sampler) -> NextToken {
    let token =
      reader.forcedToken
      ?? sampler.sample(row, sampling, position: tokens.count, history: history, mask: allowedTokens())
    let score = scoredAlternatives.map { sampler.score(row, of: token, alternatives: $0) }
    return NextToken(id: token, score: score)
  }

  /// Whether the next token has to follow the grammar.
  private var isConstrained: Bool {
    constraint?.binds(isInReasoning: reader.isInReasoning) == true && reader.forcedToken == nil
  }

  /// The tokens that may come next; nil if all may.
  private func allowedTokens() -> TokenMask? {
    guard isConstrained else { return constraint?.freeTokens(isInReasoning: reader.isInReasoning) }
    let allowed = constraint?.nextTokens()
    isBeyondConstraint = allowed == nil
    return allowed
  }

  /// Appends a token; returns what it adds to the reply.
  func append(_ token: NextToken) -> ReplyStep {
    let time = ContinuousClock.now
    group.noteToken(of: choice, after: lastToken, at: time)
    lastToken = time
    if isConstrained { constraint?.accept(token.id) }
    tokens.append(token.id)
    if sampling.adjustment.looksBack { history.append(token.id) }
    let before = reader.usage.completionTokens
    let step = reader.read(token.id, score: token.score)
    group.meter.add(replyTokens: reader.usage.completionTokens - before)
    if constraint?.awaitsCall == true, let call = reader.openCall { constraint?.follow(openCall: call) }
    return step
  }
}

// MARK: - Guesses

extension ActiveReply {
  /// Goes on from `count` new tokens, of which all but the last were guessed, and looks further ones up.
  ///
  /// - Parameters:
  ///   - verified: guesses that the step verified.
  ///   - wanted: tokens to guess.
  /// - Returns: how many tokens the head is to guess.
  func advance(by count: Int, verified: Int, wanted: Int) -> Int {
    note(accepted: count - 1, of: verified)
    let position = tokens.count - 1
    // The last token of a reply is never computed, so nothing is guessed behind the one before.
    let limit = min(Engine.draftLimit(after: position), longest - tokens.count - 1)
    let count = drafts.advance(Array(tokens.suffix(count)), limit: limit, wanted: wanted) { forcedTokens($0) }
    guessedConstraint = isConstrained ? constraint : nil
    return count
  }

  /// At most `count` tokens that come next whatever the model would choose, or probably do, as the grammar leaves only one
  /// text.
  private func forcedTokens(_ count: Int) -> [Int32] {
    let certain = (0..<count).compactMap { reader.forcedToken(after: $0) }
    return certain.isEmpty && isConstrained ? constraint?.forcedTokens(count) ?? [] : certain
  }

  /// Records what became of guesses.
  func note(accepted: Int, of verified: Int) {
    self.accepted += accepted
    drafted += verified
    drafts.clear(accepted: accepted, of: verified)
  }

  /// Guesses the next token as it would be chosen if the logits were the model's.
  func guess(_ row: UnsafeBufferPointer<Float>, _ sampler: inout Sampler) -> Int32 {
    let mask = guessedConstraint?.nextTokens()
    let token =
      reader.forcedToken(after: drafts.guesses.count)
      ?? sampler.sample(
        row, sampling, position: tokens.count + drafts.guesses.count, history: history, mask: mask)
    guessedConstraint?.accept(token)
    drafts.append(token)
    return token
  }

  /// The usage with what became of guesses.
  func complete(_ usage: inout TokenUsage) {
    usage.acceptedPredictionTokens = accepted
    usage.rejectedPredictionTokens = drafted - accepted
  }
}

/// A chosen token.
struct NextToken {
  let id: Int32
  let score: TokenScore?
}
