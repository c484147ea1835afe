import HTTPTestSupport

/// What a response has to be.
struct AnswerCheck {
  private let keys: KeyBooks
  /// The engine may have failed.
  private let mayFail: Bool
  /// The machine stood still while the client was there.
  private let hasSeenStandstill: Bool

  init(_ keys: KeyBooks, mayFail: Bool, hasSeenStandstill: Bool) {
    self.keys = keys
    self.mayFail = mayFail
    self.hasSeenStandstill = hasSeenStandstill
  }

  /// What is wrong with a response; nil if nothing is.
  func problem(of response: ResponseReader.Response, for request: ClientRequest) -> String? {
    if case .decided(let problem) = keys.verdict(on: response, to: request) { return problem }
    switch request.kind {
    case .plain(let status):
      if response.status == status || response.closes && [429, 503].contains(response.status) { return nil }
      if response.status == 400, request.credential?.isUserWrong == true { return nil }
      return "status \(response.status) instead of \(status)"
    case .health:
      let statuses = response.closes ? [200, 429, 503] : hasSeenStandstill ? [200, 503] : [200]
      return statuses.contains(response.status) ? nil : "status \(response.status) instead of 200"
    case .malformed(let statuses):
      if !response.closes { return "the connection goes on after what cannot be understood" }
      return statuses.union([429, 503]).contains(response.status) ? nil : "status \(response.status)"
    case .completion(let completion):
      let isMisnamed = request.credential?.isUserWrong == true
      let check = CompletionCheck(completion, mayFail: mayFail, isMisnamed: isMisnamed)
      return check.problem(of: response)
        ?? CompletionCheck.usage(in: response).flatMap { keys.problem(ofUsage: $0, in: request) }
    }
  }
}
