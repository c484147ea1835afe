import Host

/// Time and threads of a simulated machine.
final class SimulatedHost: HostSystem, @unchecked Sendable {
  private let world: World

  init(_ world: World) { self.world = world }

  var now: ContinuousClock.Instant { world.now }

  func sleep(until deadline: ContinuousClock.Instant) async throws { try await Sleep(world).wait(until: deadline) }

  func makeWakeUp() -> any WakeUp { SimulatedWakeUp(world) }

  func start(_ name: String, wakeUp: any WakeUp, turn: sending @escaping () -> Turn) {
    guard let wakeUp = wakeUp as? SimulatedWakeUp else { return world.fail("\(name) sleeps on something foreign") }
    world.add(Worker(name, wakeUp, turn, world))
  }

  func perform(_ work: @escaping @Sendable () -> Void) { world.work.append(work) }
}

/// A task that waits for a time.
final class Sleep: @unchecked Sendable {
  private let world: World
  private var continuation: UnsafeContinuation<Void, any Error>?

  init(_ world: World) { self.world = world }

  func wait(until deadline: ContinuousClock.Instant) async throws {
    try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
        guard !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
        self.continuation = continuation
        world.at(world.time(of: deadline), isAlive: { self.continuation != nil }) {
          self.end(.success(()))
        }
      }
    } onCancel: {
      end(.failure(CancellationError()))
    }
  }

  private func end(_ result: Result<Void, any Error>) {
    let ended = continuation
    continuation = nil
    ended?.resume(with: result)
  }
}

/// A semaphore that stops nobody but the worker it is of.
final class SimulatedWakeUp: WakeUp, @unchecked Sendable {
  private let world: World
  var count = 0

  init(_ world: World) { self.world = world }

  func signal() { count += 1 }

  func wait() {
    world.block(on: self)
    count -= 1
  }
}

/// What would be a thread.
final class Worker {
  private enum State { case ready, asleep, busy, ended }

  let name: String
  private let wakeUp: SimulatedWakeUp
  private let turn: () -> Turn
  private let world: World
  private var state = State.ready

  init(_ name: String, _ wakeUp: SimulatedWakeUp, _ turn: @escaping () -> Turn, _ world: World) {
    self.name = name
    self.wakeUp = wakeUp
    self.turn = turn
    self.world = world
  }

  var isReady: Bool { state == .ready || state == .asleep && wakeUp.count > 0 }
  var hasEnded: Bool { state == .ended }

  func takeTurn() {
    if state == .asleep { wakeUp.count -= 1 }
    state = .busy
    switch turn() {
    case .again: state = .ready
    case .sleep: state = .asleep
    case .end: state = .ended
    }
    world.tell("turn of \(name): \(state)")
  }
}
