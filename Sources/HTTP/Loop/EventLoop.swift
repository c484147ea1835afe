import Synchronization

/// The executor of the connections and handlers that live on one thread with one epoll queue.
///
/// It is an actor's serial executor and a task's preferred executor at once, so a handler that calls its connection
/// does not change threads, nor queue behind other work of the process. The thread ends when nothing refers to
/// the loop any more: as long as a task or a connection could still need it, it runs.
package final class EventLoop: SerialExecutor, TaskExecutor, Sendable {
  private let core: any LoopCore

  /// Starts the thread.
  convenience init() throws(SystemError) { self.init(try PollingLoop()) }

  /// Starts with what it is to work with.
  package init(_ core: any LoopCore) {
    self.core = core
    core.start(for: self)
  }

  deinit {
    core.stop()
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    core.enqueue(UnownedJob(job))
  }

  /// Whether this is the loop's own thread.
  var isCurrent: Bool { core.isCurrent }

  package func isIsolatingCurrentContext() -> Bool? { isCurrent }

  package func checkIsolated() {
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

  // MARK: Sockets

  /// Accepts a connection, non-blocking.
  /// - Returns: its socket, and the client's IP address.
  func accept(_ listener: Descriptor) throws(SystemError) -> (Descriptor, String) { try core.accept(listener) }

  /// Sends what the system takes.
  func send(_ socket: Descriptor, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    try core.send(socket, bytes)
  }

  /// Tells the peer that nothing more is sent.
  func shutDownSending(_ socket: Descriptor) throws(SystemError) { try core.shutDownSending(socket) }

  /// Closes a socket.
  func close(_ socket: Descriptor) { core.close(socket) }

  /// Receives into the loop's buffer.
  /// - Parameter body: gets the bytes, which are valid during the call; none at the end of the peer's data.
  func receive(_ socket: Descriptor, _ body: (UnsafeRawBufferPointer) -> Void) throws(SystemError) {
    checkIsolated()
    try core.receive(socket, body)
  }

  // MARK: Time

  /// The time; it never goes back.
  var now: ContinuousClock.Instant { core.now }

  /// Returns at a time.
  /// - Throws: `CancellationError` as soon as the task is cancelled.
  func sleep(until deadline: ContinuousClock.Instant) async throws { try await core.sleep(until: deadline) }

  /// The current time for `Date` fields, computed once a second.
  var httpDate: String {
    checkIsolated()
    return core.httpDate()
  }
}

/// Who waits for events of a descriptor. Called on the loop's thread.
package protocol EventLoopClient: AnyObject, Sendable {
  func isReady(for events: PollEvents)
  func deadlineHasPassed()
}
