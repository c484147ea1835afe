/// The fixed resources a scheduler hands out, and the bounds of its queue.
public struct SchedulerConfiguration: Sendable, Equatable {
  /// Tokens in a page of the key-value cache.
  public var pageSize: Int
  /// Pages in the pool; they are numbered from 0.
  public var pageCount: Int
  /// Recurrent-state slots in the pool, numbered from 0. A running sequence holds one.
  public var slotCount: Int
  /// Tokens computed in one step, decodes and prefill together.
  public var stepTokenBudget: Int
  /// Sequences that run at once, at most; slots bound them, too.
  public var maximumRunning: Int
  /// Requests that wait, at most. Preempted ones return to the queue whatever its length.
  public var maximumQueued: Int
  /// Pages that must be free beyond a prompt's own before it is admitted, so that it can grow for a while.
  public var admissionHeadroomPages: Int

  /// States the resources; `Scheduler.init` checks them.
  public init(
    pageSize: Int = 64, pageCount: Int, slotCount: Int, stepTokenBudget: Int = 512, maximumRunning: Int = 256,
    maximumQueued: Int = 1024, admissionHeadroomPages: Int = 2
  ) {
    self.pageSize = pageSize
    self.pageCount = pageCount
    self.slotCount = slotCount
    self.stepTokenBudget = stepTokenBudget
    self.maximumRunning = maximumRunning
    self.maximumQueued = maximumQueued
    self.admissionHeadroomPages = admissionHeadroomPages
  }

  /// Sequences that can run at once: each needs a slot.
  var runningLimit: Int { min(maximumRunning, slotCount) }

  func check() throws(SchedulerError) {
    let atLeastOne = [
      ("pageSize", pageSize), ("slotCount", slotCount), ("maximumRunning", maximumRunning),
      ("maximumQueued", maximumQueued),
    ]
    for (setting, value) in atLeastOne where value < 1 {
      throw .invalidConfiguration(setting: setting, value: value, expected: "1 or more")
    }
    guard pageCount >= 1, pageCount <= Int(Int32.max) / pageSize else {
      throw .invalidConfiguration(
        setting: "pageCount", value: pageCount, expected: "1 or more, and fewer than 2³¹ tokens in all")
    }
    guard admissionHeadroomPages >= 0 else {
      throw .invalidConfiguration(
        setting: "admissionHeadroomPages", value: admissionHeadroomPages, expected: "0 or more")
    }
    // Otherwise a step could not serve all streams, and some would have to wait for others.
    guard stepTokenBudget >= runningLimit else {
      throw .invalidConfiguration(
        setting: "stepTokenBudget", value: stepTokenBudget,
        expected: "\(runningLimit) or more: a token for each sequence that may run")
    }
  }
}

/// Why a scheduler cannot be made, refuses a request, or is broken.
public enum SchedulerError: Error, Equatable, CustomStringConvertible {
  /// `setting` is `value`, which is not `expected`.
  case invalidConfiguration(setting: String, value: Int, expected: String)
  /// The request has no prompt, or may generate nothing.
  case emptyRequest(promptTokens: Int, maximumTokens: Int)
  /// Prompt and completion would hold `needed` tokens in the cache, which has room for `available` in all.
  case promptTooLong(needed: Int, available: Int)
  /// As many requests wait already as may.
  case queueFull(limit: Int)
  /// A request with this identity is waiting or running.
  case duplicateRequest(RequestID)
  /// `checkInvariants` found the books wrong.
  case invariantBroken(String)

  /// One sentence with the numbers.
  public var description: String {
    switch self {
    case .invalidConfiguration(let setting, let value, let expected):
      "\(setting) is \(value), but must be \(expected)"
    case .emptyRequest(let promptTokens, let maximumTokens):
      "a request needs at least one prompt token and one new token; this one has \(promptTokens) and \(maximumTokens)"
    case .promptTooLong(let needed, let available):
      "prompt and completion need room for \(needed) tokens, and the cache holds \(available)"
    case .queueFull(let limit): "the queue is full: \(limit) requests wait already"
    case .duplicateRequest(let id): "request \(id.rawValue) is already waiting or running"
    case .invariantBroken(let what): what
    }
  }
}
