import Glibc
import Synchronization

/// Standard output or error, which never stops who writes: lines that nobody reads are lost, and later counted.
///
/// A pipe takes what fits into one piece of `PIPE_BUF` bytes at once whenever it is writable at all (`pipe(7)`), so that
/// looking first is enough; a terminal that was stopped and a file behave likewise.
final class LineOutput: Sendable {
  /// Where the log goes.
  static let standardError = LineOutput(STDERR_FILENO)
  /// Where the ready line goes.
  static let standardOutput = LineOutput(STDOUT_FILENO)

  private let descriptor: Int32
  /// Lines lost since the last one that was written.
  private let lost = Mutex(0)
  /// `PIPE_BUF` of `limits.h`.
  private static let pieceSize = 4096

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// Writes a line, or several.
  /// - Parameter note: makes a line of the number of lines that were lost before.
  func write(_ line: String, note: (Int) -> String) {
    lost.withLock { lost in
      if lost > 0, put(note(lost)) { lost = 0 }
      if lost > 0 || !put(line) { lost += 1 }
    }
  }

  /// - Returns: false if nobody takes all of it now.
  private func put(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      guard isWritable else { return false }
      let count = rest.prefix(Self.pieceSize).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 || (count < 0 && errno == EINTR) else { return false }
      rest = rest.dropFirst(max(0, count))
    }
    return true
  }

  private var isWritable: Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&entry, 1, 0) == 1 && entry.revents & Int16(POLLOUT) != 0
  }
}
