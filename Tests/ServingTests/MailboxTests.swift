import Host
import Testing

@testable import Serving

@Suite struct MailboxTests {
  @Test func messagesComeInOrderAndOnce() {
    let mailbox = Mailbox<Int>(wakeUp: SystemHost().makeWakeUp())
    #expect(mailbox.take().isEmpty)
    for number in 0..<5 { mailbox.post(number) }
    #expect(mailbox.take() == [0, 1, 2, 3, 4])
    #expect(mailbox.take().isEmpty)
    mailbox.post(5)
    #expect(mailbox.take() == [5])
  }

  @Test func aSleepingReaderIsWoken() async {
    let host = SystemHost()
    let mailbox = Mailbox<Int>(wakeUp: host.makeWakeUp())
    let received: [Int] = await withCheckedContinuation { continuation in
      var all: [Int] = []
      host.start("reader", wakeUp: mailbox.wakeUp) {
        let messages = mailbox.take()
        all += messages
        guard all.count == 1000 else { return messages.isEmpty ? .sleep : .again }
        continuation.resume(returning: all)
        return .end
      }
      for number in 0..<1000 { mailbox.post(number) }
    }
    #expect(received == Array(0..<1000))
  }
}
