import APIServer
import HTTPTestSupport
import HTTPTypes
import JSON

/// What clients are answered, compared with what the gate said and keys were charged with.
extension KeyBooks {
  /// What the gate has to do with a response.
  enum Verdict {
    /// All.
    case decided(problem: String?)
    /// Nothing: what is right lies with what was asked.
    case passed
  }

  func verdict(on response: ResponseReader.Response, to request: ClientRequest) -> Verdict {
    if response.body.contains(KeyRing.mark) || response.fields.contains(where: { $0.value.contains(KeyRing.mark) }) {
      return .decided(problem: "a secret is told")
    }
    guard request.credential != nil else { return .passed }
    guard let visit = visits[request.name] else {
      return [200, 401, 403].contains(response.status)
        ? .decided(problem: "status \(response.status) without having been at the gate") : .passed
    }
    if let refusal = visit.refusal {
      let isRight =
        response.status == refusal.statusCode
        && refusal.headerFields.allSatisfy { response.values($0.name.canonicalName) == [$0.value] }
        && response.body == Array(refusal.envelope.serialized().utf8)
      return .decided(problem: isRight ? nil : "status \(response.status) instead of \(refusal)")
    }
    switch response.status {
    case 401: return .decided(problem: "status 401, and it was let in")
    case 403: return .decided(problem: permission(of: visit).forbade ? nil : "status 403, and its key allows the model")
    case 200 where request.isCompletion && !permission(of: visit).allowed:
      return .decided(problem: "an answer of a model that its key does not allow")
    case 429 where response.body.contains("limit of this API key"):
      return .decided(problem: "a key's limit, and it was let in")
    default: return .passed
    }
  }

  /// What is wrong with the usage that a client is told.
  func problem(ofUsage usage: JSON, in request: ClientRequest) -> String? {
    guard let visit = visits[request.name], let place = visit.place else { return nil }
    let cached = usage["prompt_tokens_details"]?["cached_tokens"]?.intValue ?? .max
    let longest = prompts.longestPrefix(of: place)
    return cached > longest ? "\(cached) tokens are cached, and \(longest) were asked before" : nil
  }

  /// What is wrong with a charge, as the client that was told of a usage sees it.
  func problem(ofCharge usage: JSON, in name: String) -> String? {
    guard let visit = visits[name], visit.name != nil else { return nil }
    let told = (usage["prompt_tokens"]?.intValue ?? 0) + (usage["completion_tokens"]?.intValue ?? 0)
    return visit.charged == told ? nil : "\(told) tokens are told, and \(visit.charged ?? 0) charged"
  }
}

extension KeyBooks.Visit {
  /// Whether a request may be charged with so many tokens: with exactly what its usage says, if there is one.
  func mayTake(_ tokens: Int) -> Bool {
    guard refusal == nil, case .completion(let completion) = request.kind else { return tokens == 0 }
    let most = completion.promptTokens + completion.choices * completion.reply.tokens
    if isWhole { return tokens == most }
    return tokens == 0 || !completion.isTooLong && (completion.promptTokens...most).contains(tokens)
  }

  /// What is wrong with a charge, by what was made when nobody wanted it any more.
  func problem(ofCharge tokens: Int) -> String? {
    guard let cancelledAfter, case .completion(let completion) = request.kind else { return nil }
    if tokens == completion.promptTokens + cancelledAfter || tokens + cancelledAfter == 0 { return nil }
    return "\(tokens) tokens are charged for \(completion.promptTokens) and \(cancelledAfter)"
  }
}

extension [UInt8] {
  fileprivate func contains(_ text: String) -> Bool {
    let pattern = Array(text.utf8)
    guard count >= pattern.count else { return false }
    return (0...count - pattern.count).contains { start in
      self[start] == pattern[0] && self[start..<start + pattern.count].elementsEqual(pattern)
    }
  }
}
