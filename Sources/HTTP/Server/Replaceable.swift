import Synchronization

/// Something of a server that can be replaced while it runs.
final class Replaceable<Value: Sendable>: Sendable {
  private let state: Mutex<Value>

  init(_ value: Value) { state = Mutex(value) }

  var value: Value { state.withLock { $0 } }

  func replace(_ value: Value) { state.withLock { $0 = value } }
}
