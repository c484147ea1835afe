import CLinux
import Glibc

/// Signals that end a process, and should not end a server, or not without a word.
enum FatalSignals {
  /// Readers of the log that go, and files that may not grow any more, are errors of the writes alone. A mapped file that
  /// is cut short still ends the process, and is named.
  static func tame() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    explain_lost_files()
  }
}
