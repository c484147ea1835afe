import Foundation
import Testing

@testable import Serving

@Suite struct MailboxTests {
  @Test func messagesComeInOrderAndOnce() {
    let mailbox = Mailbox<Int>()
    #expect(mailbox.take(waiting: false).isEmpty)
    for number in 0..<5 { mailbox.post(number) }
    #expect(mailbox.take(waiting: true) == [0, 1, 2, 3, 4])
    #expect(mailbox.take(waiting: false).isEmpty)
    mailbox.post(5)
    #expect(mailbox.take(waiting: false) == [5])
    // The signal for 5 is left over; waiting must not return without a message.
    mailbox.post(6)
    #expect(mailbox.take(waiting: true) == [6])
  }

  @Test func aSleepingReaderIsWoken() async {
    let mailbox = Mailbox<Int>()
    let received: [Int] = await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var all: [Int] = []
        while all.count < 1000 { all += mailbox.take(waiting: true) }
        continuation.resume(returning: all)
      }
      for number in 0..<1000 { mailbox.post(number) }
    }
    #expect(received == Array(0..<1000))
  }
}
