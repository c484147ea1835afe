/// One request as the scheduler sees it: how many tokens are known, how many of those are computed, and what it holds.
struct SequenceState: Sendable {
  let id: RequestID
  /// Place in the order of submission; survives preemption.
  let arrival: Int
  /// Tokens that will ever lie in the cache: all but the last new one, which is never computed.
  let greatestExtent: Int

  /// Prompt tokens plus generated ones.
  var known: Int
  /// The first so many known tokens have been computed into pages and slot.
  var computed = 0
  /// What it holds while it runs.
  var slot: Int32?
  var pages: [Int32] = []
  /// The step in flight computes tokens of it.
  var isInFlight = false
  /// Finished or cancelled while in flight: gives back what it holds when that step completes.
  var isRetired = false

  /// Known tokens still to compute: one in decode, more in prefill.
  var remaining: Int { known - computed }
  /// All tokens the request asked for are generated.
  var isFull: Bool { known > greatestExtent }
}
