import Foundation

/// How much memory this process can still take.
public enum AvailableMemory {
  /// Bytes: what the kernel estimates to be available, or what is left of the control groups' limits if that is less.
  public static func bytes() -> Int { bytes(SystemFiles()) }

  static func bytes(_ files: SystemFiles) -> Int {
    // proc_meminfo(5); in KiB.
    let system =
      files.value(of: "MemAvailable", in: "/proc/meminfo").map { $0 * 1024 }
      ?? Int(clamping: ProcessInfo.processInfo.physicalMemory)
    return min(system, ControlGroups(files).availableBytes ?? .max)
  }
}
