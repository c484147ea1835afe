import Foundation
import Synchronization

/// A percentage on standard error, rewritten in place on a terminal; nothing where standard error goes elsewhere.
final class ProgressLine: Sendable {
  private let shown = Mutex(-1)
  private let isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1

  /// Shows how much of `total` is done, where the percentage has changed.
  func show(_ done: Int, of total: Int) {
    guard isTerminal else { return }
    let percent = total == 0 ? 100 : done * 100 / total
    shown.withLock { shown in
      guard percent != shown else { return }
      shown = percent
      let text = percent == 100 ? "\r      \r" : "\r\(percent) %"
      FileHandle.standardError.write(Data(text.utf8))
    }
  }
}
