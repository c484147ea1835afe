import Dispatch
import Synchronization

/// A queue from any thread to one that may sleep while it is empty.
final class Mailbox<Message: Sendable>: Sendable {
  private let messages = Mutex<[Message]>([])
  private let wake = DispatchSemaphore(value: 0)

  /// Appends a message, and wakes the reader if it sleeps. Never waits for it.
  func post(_ message: Message) {
    let isFirst = messages.withLock { messages in
      messages.append(message)
      return messages.count == 1
    }
    if isFirst { wake.signal() }
  }

  /// Takes all messages. If there is none: sleeps until one comes where `waiting`, else returns nothing.
  func take(waiting: Bool) -> [Message] {
    while true {
      let taken = messages.withLock { messages in
        defer { messages = [] }
        return messages
      }
      // A signal may be left over from messages that were taken without waiting: then look again.
      guard taken.isEmpty, waiting else { return taken }
      wake.wait()
    }
  }
}
