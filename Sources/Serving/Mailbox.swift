import Host
import Synchronization

/// A queue from any thread to one that may sleep while it is empty.
final class Mailbox<Message: Sendable>: Sendable {
  private let messages = Mutex<[Message]>([])
  /// What the reader sleeps on while there is no message.
  let wakeUp: any WakeUp

  init(wakeUp: any WakeUp) { self.wakeUp = wakeUp }

  /// Appends a message, and wakes the reader if it sleeps. Never waits for it.
  func post(_ message: Message) {
    let isFirst = messages.withLock { messages in
      messages.append(message)
      return messages.count == 1
    }
    if isFirst { wakeUp.signal() }
  }

  /// Takes all messages there are. A signal may be left over from them, so a reader that was woken may find none.
  func take() -> [Message] {
    messages.withLock { messages in
      defer { messages = [] }
      return messages
    }
  }
}
