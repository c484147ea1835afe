import CLinux
import Glibc

/// What a server wants of its process.
enum ServerProcess {
  /// Readers of the log that go, and files that may not grow any more, are errors of the writes alone, and no signals. A
  /// mapped file that is cut short still ends the process, and is named. As many files may be open as the hard limit allows.
  static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    explain_lost_files()
    var limit = rlimit()
    let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(files, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(files, &limit)
  }
}
