import Foundation

/// How much memory this process can still take.
enum AvailableMemory {
  /// Bytes: what the kernel estimates to be available, or what is left of the control group's limit if that is less.
  static func bytes() -> Int {
    let system = systemBytes() ?? Int(clamping: ProcessInfo.processInfo.physicalMemory)
    guard let group = controlGroupBytes() else { return system }
    return min(system, group)
  }

  /// `MemAvailable` of `/proc/meminfo` (proc_meminfo(5)), which is in KiB.
  private static func systemBytes() -> Int? {
    guard let text = read("/proc/meminfo") else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
      return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
    return nil
  }

  /// The limit of the control group (version 2), less what it uses; nil without a limit.
  private static func controlGroupBytes() -> Int? {
    guard let limit = read("/sys/fs/cgroup/memory.max").flatMap(number),
      let used = read("/sys/fs/cgroup/memory.current").flatMap(number)
    else { return nil }
    return max(0, limit - used)
  }

  private static func number(_ text: String) -> Int? { Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) }

  private static func read(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }
}
