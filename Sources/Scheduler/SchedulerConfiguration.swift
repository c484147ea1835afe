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
  /// Requests of one tenant that wait or run, at most.
  public var maximumPerTenant: Int
  /// Seconds a request may wait for its place before it is refused.
  public var maximumQueueSeconds: Double
  /// A request of a priority one higher is served as if it had come so many seconds earlier. None starves, because no
  /// request can be overtaken by those that come much later.
  public var priorityAgingSeconds: Double
  /// How much a generated token counts against a tenant's share, where a prompt token counts 1.
  public var decodeWeight: Int
  /// Seconds between two tokens of a stream that are not to be exceeded by more than 1 step in 100: bounds the prompt
  /// tokens of a step while others are streamed.
  public var maximumGapSeconds: Double
  /// Prompt tokens a step computes in any case, even where the bound on the gap cannot be met.
  public var minimumPrefillTokens: Int
  /// Sequences whose prompts are computed at once, at most, unless all of them together do not fill a step.
  public var maximumPrefilling: Int
  /// Pages that must be free beyond a prompt's own before it is admitted, so that it can grow for a while.
  public var admissionHeadroomPages: Int
  /// Tokens that may be guessed behind a sequence's known ones in a step. Sequences that stream hold pages for them where
  /// there are any to spare.
  public var maximumDrafts: Int

  /// Whether the model has recurrent states, so that a cached prefix is only of use where its state is kept, too. Without
  /// them any token is a place to start at.
  public var needsCheckpoints: Bool
  /// Slots that hold checkpoints, at most. They use the slots no sequence runs in, and give them up when one does.
  public var checkpointLimit: Int
  /// A step's last tokens that a copy of a state can be taken back by; 0: none. A state that is to be kept so little in front
  /// of a chunk's end does not cut the chunk.
  public var rewindLimit: Int
  /// A state cannot be taken back by tokens on both sides of a multiple of this.
  public var rewindBoundary: Int
  /// Tokens between the states kept within a long prompt. Doubled as often as a prompt would leave more of them than
  /// `spacedCheckpointsPerPrompt`.
  public var checkpointSpacing: Int
  /// No state is kept within a prompt closer to another than so many tokens, unless it was asked for.
  public var checkpointMinimumSpacing: Int
  /// Spaced checkpoints of one prompt, at most.
  public var spacedCheckpointsPerPrompt: Int

  /// States the resources; `Scheduler.init` checks them.
  public init(
    pageSize: Int = 64, pageCount: Int, slotCount: Int, stepTokenBudget: Int = 512, maximumRunning: Int = 256,
    maximumQueued: Int = 1024, admissionHeadroomPages: Int = 2, needsCheckpoints: Bool = true,
    checkpointLimit: Int = .max, checkpointSpacing: Int = 2048, checkpointMinimumSpacing: Int = 128,
    spacedCheckpointsPerPrompt: Int = 8, maximumPerTenant: Int = .max, maximumQueueSeconds: Double = .infinity,
    priorityAgingSeconds: Double = 30, decodeWeight: Int = 2, maximumGapSeconds: Double = .infinity,
    minimumPrefillTokens: Int = 8, maximumPrefilling: Int = 8, rewindLimit: Int = 0, rewindBoundary: Int = 16,
    maximumDrafts: Int = 0
  ) {
    self.pageSize = pageSize
    self.pageCount = pageCount
    self.slotCount = slotCount
    self.stepTokenBudget = stepTokenBudget
    self.maximumRunning = maximumRunning
    self.maximumQueued = maximumQueued
    self.admissionHeadroomPages = admissionHeadroomPages
    self.needsCheckpoints = needsCheckpoints
    self.checkpointLimit = checkpointLimit
    self.checkpointSpacing = checkpointSpacing
    self.checkpointMinimumSpacing = checkpointMinimumSpacing
    self.spacedCheckpointsPerPrompt = spacedCheckpointsPerPrompt
    self.maximumPerTenant = maximumPerTenant
    self.maximumQueueSeconds = maximumQueueSeconds
    self.priorityAgingSeconds = priorityAgingSeconds
    self.decodeWeight = decodeWeight
    self.maximumGapSeconds = maximumGapSeconds
    self.minimumPrefillTokens = minimumPrefillTokens
    self.maximumPrefilling = maximumPrefilling
    self.rewindLimit = rewindLimit
    self.rewindBoundary = rewindBoundary
    self.maximumDrafts = maximumDrafts
  }

  /// Sequences that can run at once: each needs a slot.
  var runningLimit: Int { min(maximumRunning, slotCount) }

  func check() throws(SchedulerError) {
    let atLeastOne = [
      ("pageSize", pageSize), ("slotCount", slotCount), ("maximumRunning", maximumRunning),
      ("maximumQueued", maximumQueued), ("checkpointSpacing", checkpointSpacing),
      ("checkpointMinimumSpacing", checkpointMinimumSpacing), ("maximumPerTenant", maximumPerTenant),
      ("decodeWeight", decodeWeight), ("minimumPrefillTokens", minimumPrefillTokens),
      ("maximumPrefilling", maximumPrefilling), ("rewindBoundary", rewindBoundary),
    ]
    for (setting, value) in atLeastOne where value < 1 {
      throw .invalidConfiguration(setting: setting, value: value, expected: "1 or more")
    }
    guard pageCount >= 1, pageCount <= Int(Int32.max) / pageSize else {
      throw .invalidConfiguration(
        setting: "pageCount", value: pageCount, expected: "1 or more, and fewer than 2³¹ tokens in all")
    }
    let atLeastZero = [
      ("admissionHeadroomPages", admissionHeadroomPages), ("checkpointLimit", checkpointLimit),
      ("spacedCheckpointsPerPrompt", spacedCheckpointsPerPrompt), ("rewindLimit", rewindLimit),
    ]
    for (setting, value) in atLeastZero where value < 0 {
      throw .invalidConfiguration(setting: setting, value: value, expected: "0 or more")
    }
    guard (0...pageSize).contains(maximumDrafts) else {
      throw .invalidConfiguration(setting: "maximumDrafts", value: maximumDrafts, expected: "0 to \(pageSize), a page")
    }
    let positive = [("maximumQueueSeconds", maximumQueueSeconds), ("maximumGapSeconds", maximumGapSeconds)]
    for (setting, value) in positive where !(value > 0) {
      throw .invalidDuration(setting: setting, seconds: value, expected: "more than 0 seconds")
    }
    guard priorityAgingSeconds >= 0, priorityAgingSeconds < .infinity else {
      throw .invalidDuration(
        setting: "priorityAgingSeconds", seconds: priorityAgingSeconds, expected: "0 seconds or more, and finite")
    }
    // Otherwise a step could not serve all streams, and some would have to wait for others.
    guard stepTokenBudget >= runningLimit else {
      throw .invalidConfiguration(
        setting: "stepTokenBudget", value: stepTokenBudget,
        expected: "\(runningLimit) or more: a token for each sequence that may run")
    }
  }
}
