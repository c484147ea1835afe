import Glibc
import Synchronization

/// Names the seed when the server crashes.
enum CrashNote {
  /// The seed that runs.
  static let seed = Atomic<UInt64>(0)

  static func install() {
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT] {
      signal(number) { number in
        // Nothing here may allocate.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { text in
          var (rest, start) = (CrashNote.seed.load(ordering: .relaxed), text.count - 1)
          text[start] = UInt8(ascii: "\n")
          repeat {
            start -= 1
            text[start] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
          } while rest > 0
          let message: StaticString = "the server crashes in seed "
          _ = write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
          _ = write(STDERR_FILENO, text.baseAddress.map { $0 + start }, text.count - start)
        }
        signal(number, SIG_DFL)
        raise(number)
      }
    }
  }
}
