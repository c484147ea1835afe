import Synchronization

/// The executor of the connections and handlers that live on one thread with one epoll queue.
///
/// It is an actor's serial executor and a task's preferred executor at once, so a handler that calls its connection
/// does not change threads, nor queue behind other work of the process. The thread ends when nothing refers to
/// the loop any more: as long as a task or a connection could still need it, it runs.
final class EventLoop: SerialExecutor, TaskExecutor, Sendable {
  private let core: LoopCore

  /// Starts the thread.
  init() throws(SystemError) {
    core = try LoopCore()
    core.start(for: self)
  }

  deinit {
    core.stop()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    core.enqueue(UnownedJob(job))
  }

  /// Whether this is the loop's own thread.
  var isCurrent: Bool { core.isCurrent }

  func isIsolatingCurrentContext() -> Bool? { isCurrent }

  func checkIsolated() {
    precondition(core.isCurrent, "called from outside the event loop")
  }

  // MARK: From the loop's own thread only

  /// Watches a descriptor for a client, who must remove it before closing it.
  /// - Returns: the token that stands for the client from now on.
  func add(_ client: any EventLoopClient, descriptor: Descriptor, events: PollEvents) throws(SystemError) -> UInt64 {
    checkIsolated()
    return try core.add(client, descriptor: descriptor, events: events)
  }

  func watch(_ token: UInt64, descriptor: Descriptor, for events: PollEvents) throws(SystemError) {
    checkIsolated()
    try core.watch(token, descriptor: descriptor, for: events)
  }

  func remove(_ token: UInt64, descriptor: Descriptor) {
    checkIsolated()
    core.remove(token, descriptor: descriptor)
  }

  /// Sets or clears the one deadline of a client.
  func setDeadline(_ deadline: ContinuousClock.Instant?, for token: UInt64) {
    checkIsolated()
    core.setDeadline(deadline, for: token)
  }

  /// Receives into the loop's buffer.
  /// - Parameter body: gets the bytes, which are valid during the call; none at the end of the peer's data.
  func receive(_ socket: Descriptor, _ body: (UnsafeRawBufferPointer) -> Void) throws(SystemError) {
    checkIsolated()
    try core.receive(socket, body)
  }

  /// The current time for `Date` fields, computed once a second.
  var httpDate: String {
    checkIsolated()
    return core.httpDate()
  }
}

/// Who waits for events of a descriptor. Called on the loop's thread.
protocol EventLoopClient: AnyObject, Sendable {
  func isReady(for events: PollEvents)
  func deadlineHasPassed()
}
