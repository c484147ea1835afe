import Synchronization
public import Workload

/// Sends a trace's requests to a server at their times, whether it keeps up or not, and measures what comes back.
public struct LoadRun: Sendable {
  /// A request that has ended, and where it stood in the trace.
  public struct Entry: Sendable {
    /// Which conversation, in order of arrival.
    public var conversation: Int
    /// Which of its requests.
    public var turn: Int
    /// What was measured.
    public var record: RequestRecord
    /// When pieces of the reply were received, in seconds since the start of the run.
    public var pieces: [Double]
  }

  private let endpoint: ChatEndpoint
  private let trace: Trace
  private let level: ServiceLevel

  /// A run to make.
  public init(_ trace: Trace, endpoint: ChatEndpoint, level: ServiceLevel = ServiceLevel()) {
    self.trace = trace
    self.endpoint = endpoint
    self.level = level
  }

  /// Runs until the last request has ended.
  ///
  /// The server's tokenizer is measured first, with two short requests. A conversation whose request is not answered
  /// ends with it.
  ///
  /// - Parameter onEntry: hears of every request that has ended, on any thread.
  public func run(onEntry: @escaping @Sendable (Entry) -> Void) async throws(LoadBenchError) -> Measurements {
    let text = try await TextMaker.measured(with: endpoint)
    let clock = ContinuousClock()
    let collected = Collected(level: level)
    let start = clock.now
    await withDiscardingTaskGroup { group in
      for (index, conversation) in trace.conversations.enumerated() {
        let arrival = start + .seconds(conversation.arrival)
        try? await clock.sleep(until: arrival)
        guard !Task.isCancelled else { return }
        let client = ConversingClient(
          index: index, conversation: conversation, endpoint: endpoint, text: text, start: start)
        group.addTask {
          await client.run { entry in
            collected.add(entry)
            onEntry(entry)
          }
        }
      }
    }
    return collected.measurements
  }
}

/// What has been measured so far.
private final class Collected: Sendable {
  private let state: Mutex<Measurements>

  init(level: ServiceLevel) { state = Mutex(Measurements(level: level)) }

  var measurements: Measurements { state.withLock { $0 } }

  func add(_ entry: LoadRun.Entry) {
    state.withLock { measurements in
      for (before, after) in zip(entry.pieces, entry.pieces.dropFirst()) { measurements.addGap(after - before) }
      measurements.add(entry.record)
    }
  }
}

/// One conversation's client.
private struct ConversingClient: Sendable {
  let index: Int
  let conversation: Conversation
  let endpoint: ChatEndpoint
  let text: TextMaker
  let start: ContinuousClock.Instant

  func run(_ report: (LoadRun.Entry) -> Void) async {
    var messages: [Message] = []
    if let prefix = conversation.prefix {
      messages.append(
        Message(
          role: "system", content: text.text(tokens: prefix.tokens, seed: SeededGenerator.mixed(UInt64(prefix.id)))))
    }
    // Being late at the first request is the server's or this program's fault, and counts; the others follow a reply.
    var due = start + .seconds(conversation.arrival)
    for (number, turn) in conversation.turns.enumerated() {
      if number > 0 {
        due = .now + .seconds(turn.pause)
        try? await Task.sleep(until: due)
        guard !Task.isCancelled else { return }
      }
      let seed = SeededGenerator.mixed(UInt64(index) << 20 | UInt64(number) | 1 << 63)
      messages.append(Message(role: "user", content: text.text(tokens: turn.prompt, seed: seed)))
      do throws(ChatEndpoint.Failure) {
        let reply = try await endpoint.reply(
          to: messages, maximumTokens: turn.output, tenant: conversation.tenant)
        messages.append(Message(role: "assistant", content: reply.content))
        report(entry(turn: number, due: due, reply))
      } catch {
        var record = RequestRecord(sent: seconds(due), end: seconds(.now), outcome: error.outcome)
        record.tenant = conversation.tenant
        return report(LoadRun.Entry(conversation: index, turn: number, record: record, pieces: []))
      }
    }
  }

  private func entry(turn: Int, due: ContinuousClock.Instant, _ reply: ChatEndpoint.Reply) -> LoadRun.Entry {
    let pieces = reply.pieces.map(seconds)
    var record = RequestRecord(
      sent: seconds(due), firstToken: pieces.first, end: seconds(reply.end), outcome: .answered)
    record.promptTokens = reply.promptTokens ?? 0
    record.cachedTokens = reply.cachedTokens ?? 0
    record.outputTokens = reply.outputTokens ?? pieces.count
    record.acceptedDrafts = reply.acceptedDrafts ?? 0
    record.rejectedDrafts = reply.rejectedDrafts ?? 0
    record.longestGap = zip(pieces, pieces.dropFirst()).reduce(0) { max($0, $1.1 - $1.0) }
    record.tenant = conversation.tenant
    return LoadRun.Entry(conversation: index, turn: turn, record: record, pieces: pieces)
  }

  private func seconds(_ instant: ContinuousClock.Instant) -> Double { (instant - start) / .seconds(1) }
}

extension ChatEndpoint.Failure {
  fileprivate var outcome: RequestRecord.Outcome {
    switch self {
    case .refused(let reason): .refused(reason)
    case .failed(let reason): .failed(reason)
    }
  }
}
