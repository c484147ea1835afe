/// What an event loop works with: a queue of jobs and whoever does them, a network, and time.
///
/// ``PollingLoop`` is a thread with the system's. All but `enqueue` and `stop` is called on whatever `isCurrent` is true
/// for.
package protocol LoopCore: AnyObject, Sendable {
  /// Whether the caller is who does the jobs.
  var isCurrent: Bool { get }

  /// Begins to do jobs.
  func start(for executor: EventLoop)
  /// Ends, some time soon.
  func stop()
  /// Appends a job.
  func enqueue(_ job: UnownedJob)

  // MARK: Time

  /// The time; it never goes back.
  var now: ContinuousClock.Instant { get }
  /// The time of day for `Date` fields.
  func httpDate() -> String
  /// Returns at a time; to be called from anywhere.
  /// - Throws: `CancellationError` as soon as the task is cancelled.
  func sleep(until deadline: ContinuousClock.Instant) async throws

  // MARK: Clients

  /// Watches a descriptor for a client.
  /// - Returns: the token that stands for the client from now on.
  func add(_ client: any EventLoopClient, descriptor: Descriptor, events: PollEvents) throws(SystemError) -> UInt64
  /// Watches a client's descriptor for other events.
  func watch(_ token: UInt64, descriptor: Descriptor, for events: PollEvents) throws(SystemError)
  /// Forgets a client.
  func remove(_ token: UInt64, descriptor: Descriptor)
  /// Sets or clears the one deadline of a client.
  func setDeadline(_ deadline: ContinuousClock.Instant?, for token: UInt64)

  // MARK: Sockets

  /// Accepts a connection.
  /// - Returns: its socket, and the client's IP address.
  func accept(_ listener: Descriptor) throws(SystemError) -> (Descriptor, String)
  /// Receives what there is, up to some size; `body` gets no bytes at the end of the peer's data.
  func receive(_ socket: Descriptor, _ body: (UnsafeRawBufferPointer) -> Void) throws(SystemError)
  /// Sends what the system takes.
  func send(_ socket: Descriptor, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int
  /// Tells the peer that nothing more is sent.
  func shutDownSending(_ socket: Descriptor) throws(SystemError)
  /// Closes a socket.
  func close(_ socket: Descriptor)
}
