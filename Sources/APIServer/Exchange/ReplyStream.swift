import HTTP
import Synchronization

/// An event stream that also says something when there is nothing to say.
final class ReplyStream: Sendable {
  private let stream: EventStream
  private let heartbeat: Duration
  private let lastSent = Mutex(ContinuousClock.now)

  init(_ stream: EventStream, heartbeat: Duration) {
    self.stream = stream
    self.heartbeat = heartbeat
  }

  func send(_ frames: [ReplyFrame]) async throws(HTTPError) {
    for frame in frames {
      try await stream.send(event: frame.event, data: frame.data)
      lastSent.withLock { $0 = .now }
    }
  }

  func finish() async throws(HTTPError) { try await stream.finish() }

  /// Runs `body`, and meanwhile sends a comment whenever nothing was sent for the heartbeat's time.
  func keepAlive(during body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.beat() }
      defer { group.cancelAll() }
      try await body()
    }
  }

  private func beat() async throws {
    while !Task.isCancelled {
      let due = lastSent.withLock { $0 } + heartbeat
      guard due <= .now else {
        try await Task.sleep(until: due, clock: .continuous)
        continue
      }
      try await stream.sendComment("waiting")
      lastSent.withLock { $0 = .now }
    }
  }
}
