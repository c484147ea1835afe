import CLinux
import Foundation
import Glibc
import Synchronization

/// A thread with an epoll queue.
///
/// Unchecked: all but the inbox and the thread's identity is touched by the loop's thread alone (``EventLoop`` checks
/// that), and `executor` is written before that thread exists.
final class PollingLoop: LoopCore, @unchecked Sendable {
  private struct Inbox {
    var jobs: [UnownedJob] = []
    var isSignalled = false
    var isStopped = false
  }

  /// Rounds of jobs between two looks at the network.
  private static let roundsPerPoll = 16
  private static let wakeToken: UInt64 = 0

  private let queue: Descriptor
  private let wakeCounter: Descriptor
  private let inbox = Mutex(Inbox())
  private let threadID = Atomic<UInt>(0)
  private weak var executor: EventLoop?

  private var clients: [UInt64: any EventLoopClient] = [:]
  private var lastToken = PollingLoop.wakeToken
  private var deadlines = DeadlineTable()
  private var jobs: [UnownedJob] = []
  private let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
  private let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 256)
  private var date = (second: -1, text: "")

  init() throws(SystemError) {
    queue = try System.makeEventQueue()
    do throws(SystemError) {
      wakeCounter = try System.makeEventCounter()
    } catch {
      System.close(queue)
      throw error
    }
    events.initialize(repeating: epoll_event())
    try System.change(queue, .add, wakeCounter, events: .readable, token: Self.wakeToken)
  }

  deinit {
    System.close(queue)
    System.close(wakeCounter)
    readBuffer.deallocate()
    events.deallocate()
  }

  var isCurrent: Bool { threadID.load(ordering: .relaxed) == UInt(pthread_self()) }

  func start(for executor: EventLoop) {
    self.executor = executor
    let thread = Thread { self.run() }
    thread.start()
    // A name given before the start would not take. Here it may come before the thread begins, there before the thread
    // has its handle; never both.
    thread.name = "http"
  }

  func stop() {
    inbox.withLock { $0.isStopped = true }
    System.signal(wakeCounter)
  }

  func enqueue(_ job: UnownedJob) {
    let isCurrent = isCurrent
    let needsSignal = inbox.withLock { inbox in
      inbox.jobs.append(job)
      // The loop looks at its inbox before it sleeps.
      guard !isCurrent, !inbox.isSignalled else { return false }
      inbox.isSignalled = true
      return true
    }
    if needsSignal { System.signal(wakeCounter) }
  }

  // MARK: The thread

  private func run() {
    Thread.current.name = "http"
    threadID.store(UInt(pthread_self()), ordering: .relaxed)
    while true {
      for _ in 0..<Self.roundsPerPoll where !runJobs() { break }
      let (isStopped, hasJobs) = inbox.withLock { ($0.isStopped, !$0.jobs.isEmpty) }
      if isStopped { return }
      // Only what had passed before the look at the sockets: had the process stood still since, what came meanwhile would
      // not have been seen yet.
      let now = ContinuousClock.now
      poll(timeout: hasJobs ? 0 : deadlines.timeout(at: now))
      for token in deadlines.takeExpired(at: now) { clients[token]?.deadlineHasPassed() }
    }
  }

  /// Returns whether there were any.
  private func runJobs() -> Bool {
    inbox.withLock { swap(&$0.jobs, &jobs) }
    guard !jobs.isEmpty, let executor else { return false }
    for job in jobs {
      job.runSynchronously(
        isolatedTo: executor.asUnownedSerialExecutor(), taskExecutor: executor.asUnownedTaskExecutor())
    }
    jobs.removeAll(keepingCapacity: true)
    return true
  }

  private func poll(timeout: CInt) {
    // It fails for bad arguments only; these do not change.
    guard let count = try? System.wait(queue, into: events, timeout: timeout) else { return }
    for event in events[..<count] {
      let token = event.data.u64
      if token == Self.wakeToken {
        System.reset(wakeCounter)
        inbox.withLock { $0.isSignalled = false }
      } else {
        // A client that an earlier event of this round has removed is not found.
        clients[token]?.isReady(for: PollEvents(rawValue: event.events))
      }
    }
  }

  // MARK: Clients

  func add(_ client: any EventLoopClient, descriptor: Descriptor, events: PollEvents) throws(SystemError) -> UInt64 {
    let token = lastToken + 1
    try System.change(queue, .add, descriptor, events: events, token: token)
    lastToken = token
    clients[token] = client
    return token
  }

  func watch(_ token: UInt64, descriptor: Descriptor, for events: PollEvents) throws(SystemError) {
    try System.change(queue, .modify, descriptor, events: events, token: token)
  }

  func remove(_ token: UInt64, descriptor: Descriptor) {
    // A descriptor that is not watched need not be removed.
    try? System.change(queue, .remove, descriptor, events: [], token: token)
    clients[token] = nil
    deadlines.set(nil, for: token)
  }

  func setDeadline(_ deadline: ContinuousClock.Instant?, for token: UInt64) {
    deadlines.set(deadline, for: token)
  }

  // MARK: Sockets

  func accept(_ listener: Descriptor) throws(SystemError) -> (Descriptor, String) {
    let (socket, address) = try System.accept(listener)
    return (socket, address.socketAddress.host)
  }

  func receive(_ socket: Descriptor, _ body: (UnsafeRawBufferPointer) -> Void) throws(SystemError) {
    let count = try System.receive(socket, into: readBuffer)
    body(UnsafeRawBufferPointer(rebasing: readBuffer[..<count]))
  }

  func send(_ socket: Descriptor, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    try System.send(socket, bytes)
  }

  func shutDownSending(_ socket: Descriptor) throws(SystemError) { try System.shutDownSending(socket) }

  func close(_ socket: Descriptor) { System.close(socket) }

  // MARK: Time

  var now: ContinuousClock.Instant { .now }

  func sleep(until deadline: ContinuousClock.Instant) async throws {
    try await Task.sleep(until: deadline, clock: .continuous)
  }

  func httpDate() -> String {
    let second = Glibc.time(nil)
    if second != date.second { date = (second, HTTPDate.format(second)) }
    return date.text
  }
}
