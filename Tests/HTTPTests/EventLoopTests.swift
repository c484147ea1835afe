import Glibc
import Synchronization
import Testing

@testable import HTTP

/// The loop on real descriptors.
@Suite struct EventLoopTests {
  /// What came in time is seen before the time-out, however long the loop's thread did not get to look.
  @Test func whatHasComeIsSeenBeforeADeadline() async throws {
    let (first, second) = (try Pair(), try Pair())
    let loop = try EventLoop()
    let seen = AsyncStream<String>.makeStream()
    let waiting = Client { event in
      second.receive()
      seen.continuation.yield("\(event)")
    }
    let slow = Client { _ in
      first.receive()
      if let (token, _) = waiting.token.withLock({ $0 }) { loop.setDeadline(loop.now + .milliseconds(1), for: token) }
      // The machine stands still between the look at the sockets and the one at the clock.
      usleep(10_000)
      second.send()
    }
    await Watcher(loop).watch([(slow, first), (waiting, second)])
    first.send()
    #expect(await seen.stream.first { _ in true } == "ready")
    await Watcher(loop).end([slow, waiting])
  }
}

/// Two sockets, of which the loop watches one.
private final class Pair: Sendable {
  let watched: Descriptor
  private let other: Descriptor

  init() throws {
    var sockets: [Int32] = [0, 0]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &sockets) == 0)
    (watched, other) = (sockets[0], sockets[1])
  }

  deinit {
    close(watched)
    close(other)
  }

  func send() { _ = write(other, "x", 1) }

  func receive() {
    var byte: UInt8 = 0
    _ = recv(watched, &byte, 1, Int32(MSG_DONTWAIT))
  }
}

private final class Client: EventLoopClient {
  enum Event { case ready, expired }

  let token = Mutex<(UInt64, Descriptor)?>(nil)
  private let hear: @Sendable (Event) -> Void

  init(_ hear: @escaping @Sendable (Event) -> Void) { self.hear = hear }

  func isReady(for events: PollEvents) { hear(.ready) }
  func deadlineHasPassed() { hear(.expired) }
}

/// Does on the loop's thread what may be done there alone.
private actor Watcher {
  let loop: EventLoop

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  init(_ loop: EventLoop) { self.loop = loop }

  func watch(_ clients: [(Client, Pair)]) {
    for (client, pair) in clients {
      guard let token = try? loop.add(client, descriptor: pair.watched, events: .readable) else { continue }
      client.token.withLock { $0 = (token, pair.watched) }
    }
  }

  func end(_ clients: [Client]) {
    for case let (token, descriptor)? in clients.map({ $0.token.withLock { $0 } }) {
      loop.remove(token, descriptor: descriptor)
    }
  }
}
