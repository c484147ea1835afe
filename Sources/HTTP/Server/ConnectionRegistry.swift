import Synchronization

/// The open connections of a server.
final class ConnectionRegistry: Sendable {
  private struct State {
    var connections: [ObjectIdentifier: (number: Int, connection: Connection)] = [:]
    var lastNumber = 0
    var addresses: [String: Int] = [:]
    var waiters: [AsyncStream<Never>.Continuation] = []
  }

  private let state = Mutex(State())

  var count: Int { state.withLock { $0.connections.count } }

  /// How many of them come from an address.
  func count(of address: String) -> Int { state.withLock { $0.addresses[address] ?? 0 } }

  /// In the order of their coming.
  var connections: [Connection] {
    state.withLock { $0.connections.values.sorted { $0.number < $1.number }.map(\.connection) }
  }

  func add(_ connection: Connection) {
    state.withLock { state in
      state.lastNumber += 1
      state.connections[ObjectIdentifier(connection)] = (state.lastNumber, connection)
      state.addresses[connection.remoteAddress, default: 0] += 1
    }
  }

  func remove(_ connection: Connection) {
    let finished = state.withLock { state in
      if state.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil {
        let left = (state.addresses[connection.remoteAddress] ?? 1) - 1
        state.addresses[connection.remoteAddress] = left > 0 ? left : nil
      }
      guard state.connections.isEmpty else { return [AsyncStream<Never>.Continuation]() }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in finished { waiter.finish() }
  }

  /// A sequence without elements that ends when there is no connection.
  func untilEmpty() -> AsyncStream<Never> {
    let (stream, continuation) = AsyncStream<Never>.makeStream()
    let isEmpty = state.withLock { state in
      if !state.connections.isEmpty { state.waiters.append(continuation) }
      return state.connections.isEmpty
    }
    if isEmpty { continuation.finish() }
    return stream
  }
}
