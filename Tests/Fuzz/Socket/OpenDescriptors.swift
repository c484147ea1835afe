import Glibc

/// The process's descriptors but for those that come when libraries want them: libFuzzer's pipes to whoever tells it the
/// names of functions, the timers of Swift's clocks, and what the kernel says of threads, which Dispatch reads from time
/// to time.
enum OpenDescriptors {
  /// What is open, by descriptor.
  static func all() -> [CInt: String] {
    guard let folder = opendir("/proc/self/fd") else { fatalError("/proc/self/fd cannot be read") }
    defer { closedir(folder) }
    var open: [CInt: String] = [:]
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard let number = CInt(name), number != dirfd(folder) else { continue }
      var path = [CChar](repeating: 0, count: 256)
      let length = readlink("/proc/self/fd/\(number)", &path, path.count)
      let target = String(decoding: path.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if target.hasPrefix("pipe:") || target.hasPrefix("/proc/") || target == "anon_inode:[timerfd]" { continue }
      open[number] = target
    }
    return open
  }
}
