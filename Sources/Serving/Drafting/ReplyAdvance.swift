import Engine
import Sampling

/// What a step brings one reply: the token after its known ones, and one after each guess that stands.
struct ReplyAdvance {
  let reply: ActiveReply
  private var check: DraftCheck
  private let drafts: Int
  /// What each token adds to the reply. Fewer than tokens where one could not be chosen.
  private(set) var steps: [ReplyStep] = []

  /// - Parameters:
  ///   - tokens: those that the step processes.
  ///   - known: how many of them are no guesses.
  init(_ reply: ActiveReply, tokens: [Int32], known: Int) {
    self.reply = reply
    drafts = tokens.count - known
    check = DraftCheck(tokens: tokens, known: known)
  }

  /// The tokens chosen, at least one after the step.
  var tokens: [Int32] { check.choices }
  /// Guesses that stand.
  var accepted: Int { max(0, tokens.count - 1) }
  /// Guesses that do not.
  var rejected: Int { drafts - accepted }
  /// Whether more is to come of the reply.
  var goesOn: Bool { steps.last?.end == nil && !reply.isBeyondConstraint }

  /// Chooses the token after the one at `index`, and appends it to the reply, if all before it stands.
  mutating func take(_ row: UnsafeBufferPointer<Float>, after index: Int, _ sampler: inout Sampler) {
    guard goesOn else { return }
    let reply = reply
    var step: ReplyStep?
    check.take(index) {
      let token = reply.choose(row, &sampler)
      if !reply.isBeyondConstraint { step = reply.append(token) }
      return token.id
    }
    if let step { steps.append(step) }
  }

  /// Prepares what is told of the reply; it may get `wanted` guesses more.
  /// - Returns: how many tokens the head is to guess.
  mutating func settle(wanted: Int) -> Int {
    guard goesOn else {
      reply.note(accepted: accepted, of: drafts)
      if var end = steps.last?.end {
        reply.complete(&end.usage)
        steps[steps.count - 1].end = end
      }
      return 0
    }
    return reply.advance(by: tokens.count, verified: drafts, wanted: wanted)
  }
}
