import DiskCache
import Foundation
import Scheduler

/// Who may reuse what was computed for whom.
public enum CacheSharing: String, Sendable, CaseIterable {
  /// Tenants are kept apart: nobody can find out from how long a reply takes what another one has asked.
  case tenant
  /// All requests share.
  case all
}

/// How earlier replies in a conversation become tokens.
public enum HistoryTokens: String, Sendable, CaseIterable {
  /// As the model produced them, wherever the text is the same.
  case faithful
  /// As the tokenizer writes their text.
  case canonical
}

/// What a prompt shares with others, and what it leaves to them.
struct PromptCache: Sendable {
  /// With whom it shares.
  let namespace: Digest
  /// Where in it other prompts may go on.
  let breakpoints: [CacheBreakpoint]
  let wantsReport: Bool
  /// Where replies are remembered; nil where no template had a part in the prompt.
  let place: ReplyHistory.Place?

  /// The prompt as the scheduler wants it.
  func scheduled(_ tokens: [Int32]) -> CachedPrompt {
    CachedPrompt(
      tokens: tokens, namespace: CacheNamespace(namespace), breakpoints: breakpoints, wantsReport: wantsReport)
  }
}

extension CacheNamespace {
  init(_ digest: Digest) { self.init(digest.words.0, digest.words.1, digest.words.2, digest.words.3) }
}

/// Prepares prompts for being found again.
struct PromptCaching: Sendable {
  let sharing: CacheSharing
  let history: ReplyHistory
  /// Whether a sequence can only go on from where its state was kept.
  let needsStates: Bool

  /// The tokens of a conversation, with earlier replies as they were produced.
  func prompt(
    for request: ChatRequest, _ format: ChatFormat, now: Date
  ) throws(GenerationError) -> (ChatFormat.Prompt, PromptCache) {
    let namespace = namespace(of: request.options.terms)
    let text = try format.text(of: request, request.messages, now: now)
    let (tokens, place) = history.tokens(of: text, namespace: namespace, format.tokenizer)
    let prompt = format.prompt(text, tokens)
    var breakpoints: [CacheBreakpoint] = []
    if needsStates {
      let finder = BreakpointFinder(text, tokens, format, request, now)
      // A token to begin with may have been put in front.
      let shift = prompt.tokens.count - tokens.count
      breakpoints = finder.breakpoints.map { CacheBreakpoint(position: $0.position + shift, purpose: $0.purpose) }
    }
    let cache = PromptCache(
      namespace: namespace, breakpoints: breakpoints, wantsReport: request.options.wantsCacheReport, place: place)
    return (prompt, cache)
  }

  /// What a prompt that no template had a part in shares. Nil where it has to be computed whole.
  func cache(for request: CompletionRequest) -> PromptCache? {
    guard request.promptAlternatives == nil else { return nil }
    return PromptCache(
      namespace: namespace(of: request.options.terms), breakpoints: [],
      wantsReport: request.options.wantsCacheReport, place: nil)
  }

  private func namespace(of terms: RequestTerms) -> Digest {
    var hash = SHA256()
    hash.update(text: "apus prompts")
    hash.update(text: sharing == .tenant ? terms.tenant?.digest.hexadecimal ?? "" : "")
    hash.update(text: terms.cacheSalt ?? "")
    return hash.current()
  }
}
