import Foundation

/// Time, chance and the order of everything: one seed decides them all.
///
/// The server's code runs in the thread that calls `run`, piece by piece: jobs of event loops, turns of workers, bytes that
/// arrive, timers that run out. Whenever several pieces could be next, the seed chooses.
///
/// Unchecked: it and everything that belongs to it is used by one thread.
final class World: @unchecked Sendable {
  /// Kinds of events, for the trace.
  enum Kind: Int {
    case job = 1, network, deadline, turn, work, timer, jump
  }

  private var chance: Chance
  /// Nanoseconds since the beginning.
  private(set) var time: Int64 = 0
  let origin = ContinuousClock.now
  private(set) var events = 0
  /// Of all events and when they happened.
  private(set) var trace: UInt64 = 0xCBF2_9CE4_8422_2325
  /// The first invariant that did not hold.
  private(set) var violation: String?
  var onStandstill: () -> Void = {}
  /// Called before everything that happens.
  var onEvent: () -> Void = {}
  /// Tells of every event as it happens.
  let isVerbose: Bool

  private var agenda = Agenda()
  private(set) var workers: [Worker] = []
  var work: [@Sendable () -> Void] = []
  var loops: [SimulatedLoop] = []
  private var choices: [(kind: Kind, index: Int)] = []

  init(seed: UInt64, isVerbose: Bool) {
    chance = Chance(seed: seed)
    self.isVerbose = isVerbose
  }

  var now: ContinuousClock.Instant { origin + .nanoseconds(time) }

  func time(of instant: ContinuousClock.Instant) -> Int64 {
    let (seconds, attoseconds) = (instant - origin).components
    guard seconds < 1_000_000_000 else { return .max }
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }

  // MARK: - Chance

  func int(_ range: ClosedRange<Int>) -> Int { chance.int(range) }

  /// Whether something happens that happens in so many of a million cases.
  func happens(_ millionths: Int) -> Bool { chance.happens(millionths) }

  /// A number whose logarithm is equally likely to be anywhere in that of the range.
  func magnitude(_ range: ClosedRange<Int>) -> Int { chance.magnitude(range) }

  // MARK: - What happens

  func fail(_ what: @autoclosure () -> String) {
    guard violation == nil else { return }
    violation = what()
    tell("VIOLATION \(violation ?? "")")
  }

  func tell(_ what: @autoclosure () -> String) {
    // Written at once, so that the last of it is there when the server crashes.
    if isVerbose { FileHandle.standardError.write(Data("\(stamp) \(what())\n".utf8)) }
  }

  private var stamp: String { "\(events) \(Double(time / 1000) / 1e6)" }

  func at(_ time: Int64, isAlive: @escaping () -> Bool = { true }, _ action: @escaping () -> Void) {
    agenda.add(at: max(time, self.time), isAlive: isAlive, action)
  }

  func after(_ nanoseconds: Int64, isAlive: @escaping () -> Bool = { true }, _ action: @escaping () -> Void) {
    agenda.add(at: time + nanoseconds, isAlive: isAlive, action)
  }

  /// Lets time pass for everybody at once.
  func pass(_ nanoseconds: Int64) { time += nanoseconds }

  /// The machine stands still for seconds.
  func standStill(_ seconds: Int) {
    time += Int64(seconds) * 1_000_000_000
    tell("stood still for \(seconds) s")
    onStandstill()
  }

  func add(_ worker: Worker) { workers.append(worker) }

  private func note(_ kind: Kind, _ detail: Int) {
    events += 1
    trace = (trace ^ UInt64(truncatingIfNeeded: time)) &* 0x100_0000_01B3
    trace = (trace ^ UInt64(truncatingIfNeeded: detail * 8 + kind.rawValue)) &* 0x100_0000_01B3
  }

  /// Does one thing.
  /// - Returns: false if there is nothing left that would ever happen.
  func step() -> Bool {
    onEvent()
    choices.removeAll(keepingCapacity: true)
    for (index, loop) in loops.enumerated() {
      if loop.hasJobs { choices.append((.job, index)) }
      if loop.hasReadyClient { choices.append((.network, index)) }
      if let deadline = loop.earliestDeadline, deadline <= time { choices.append((.deadline, index)) }
    }
    for (index, worker) in workers.enumerated() where worker.isReady { choices.append((.turn, index)) }
    if !work.isEmpty { choices.append((.work, int(0...work.count - 1))) }
    if let next = agenda.nextTime(), next <= time { choices.append((.timer, 0)) }
    guard !choices.isEmpty else { return wait() }
    let (kind, index) = choices[choices.count == 1 ? 0 : int(0...choices.count - 1)]
    note(kind, index)
    time += Int64(chance.next() & 0x3FFF)
    switch kind {
    case .job: loops[index].runJob()
    case .network: loops[index].poll()
    case .deadline: loops[index].expire()
    case .turn: workers[index].takeTurn()
    case .work: work.remove(at: index)()
    case .timer: agenda.removeFirst()?.action()
    case .jump: break
    }
    return true
  }

  /// Goes to the time at which something happens next.
  private func wait() -> Bool {
    let times = loops.compactMap(\.earliestDeadline) + (agenda.nextTime().map { [$0] } ?? [])
    guard let next = times.min(), next < .max else { return false }
    time = max(time, next)
    return true
  }

  /// Somebody who waits for `wakeUp` in the middle of a turn lets the other workers go on.
  func block(on wakeUp: SimulatedWakeUp) {
    while wakeUp.count == 0, violation == nil {
      let ready = workers.filter(\.isReady)
      guard !ready.isEmpty else { return fail("somebody waits for ever in the middle of a turn") }
      note(.turn, 1000)
      ready[int(0...ready.count - 1)].takeTurn()
    }
  }

  /// Forgets everything that could still happen.
  func end() {
    agenda = Agenda()
    onEvent = {}
    work = []
    workers = []
    loops = []
  }
}
