import HTTP
import Logging
import Scheduler

/// What the server says of itself, compared with itself.
final class Books: @unchecked Sendable {
  private let world: World
  private let scenario: Scenario
  private let keys: KeyBooks
  /// Lines of the log by request.
  private var lines: [String: Int] = [:]
  private(set) var responses = 0
  private(set) var completeResponses = 0
  private var turns = 0

  init(_ world: World, _ scenario: Scenario, _ keys: KeyBooks) {
    self.world = world
    self.scenario = scenario
    self.keys = keys
  }

  func inspect(_ scheduler: Scheduler, _ plan: StepPlan?) {
    if let plan {
      for admitted in plan.admitted where !admitted.isResumed && admitted.queuedSeconds > longestWait + 1e-6 {
        world.fail("request \(admitted.request.rawValue) is admitted after \(admitted.queuedSeconds) s")
      }
      return
    }
    turns += 1
    do {
      try scheduler.checkInvariants()
    } catch {
      world.fail("\(error)")
    }
  }

  private var longestWait: Double { scenario.scheduler.maximumQueueSeconds }

  func note(_ entry: AccessLogEntry) {
    responses += 1
    if entry.isComplete { completeResponses += 1 }
    if "\(entry)".contains(KeyRing.mark) { world.fail("the access log tells a secret: \(entry)") }
  }

  func note(_ event: LogEvent) {
    if event.level == .critical { world.fail("the log says: \(event.message)") }
    let message = "\(event.message)"
    if message.contains(KeyRing.mark) || "\(event.metadata ?? [:])".contains(KeyRing.mark) {
      world.fail("the log tells a secret: \(message)")
    }
    if message.hasPrefix("cancelled") { noteCancellation(message) }
    guard let metadata = event.metadata, let name = metadata["request_id"], metadata["finish_reason"] != nil else {
      return
    }
    lines["\(name)", default: 0] += 1
    if lines["\(name)", default: 0] > 1 { world.fail("request \(name) ends twice") }
    keys.note(
      ended: "\(name)", key: metadata["key"].map { "\($0)" }, isWhole: metadata["completion_tokens"] != nil)
  }

  private func noteCancellation(_ message: String) {
    let values = message.split(separator: " ").dropFirst().map { $0.split(separator: "=").last.map(String.init) ?? "" }
    guard values.count == 3, let tokens = Int(values[1]), values[2] == "0" else {
      return world.fail("steps are computed for a request that is cancelled: \(message)")
    }
    keys.note(cancelled: values[0], after: tokens)
  }

  /// How often the request's end was noted.
  func ends(of name: String) -> Int { lines[name] ?? 0 }
}

/// Hears what the server logs.
struct BookKeeper: LogHandler {
  let books: Books
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  init(books: Books) { self.books = books }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { books.note(event) }
}
