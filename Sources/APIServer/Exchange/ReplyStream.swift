import HTTP
import Host
import Synchronization

/// An event stream that also says something when there is nothing to say.
final class ReplyStream: Sendable {
  private let stream: EventStream
  private let heartbeat: Duration
  private let host: any HostSystem
  private let lastSent: Mutex<ContinuousClock.Instant>

  init(_ stream: EventStream, heartbeat: Duration, host: any HostSystem) {
    self.stream = stream
    self.heartbeat = heartbeat
    self.host = host
    lastSent = Mutex(host.now)
  }

  func send(_ frames: [ReplyFrame]) async throws(HTTPError) {
    for frame in frames {
      try await stream.send(event: frame.event, data: frame.data)
      lastSent.withLock { $0 = host.now }
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
      guard due <= host.now else {
        try await host.sleep(until: due)
        continue
      }
      try await stream.sendComment("waiting")
      lastSent.withLock { $0 = host.now }
    }
  }
}
