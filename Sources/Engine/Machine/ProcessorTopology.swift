import Foundation

/// The processors this process may use.
public struct ProcessorTopology: Sendable, Hashable {
  /// Processors in the affinity mask, as the operating system numbers them.
  public let processors: [Int]
  /// Cores these processors belong to: hardware threads of one core share its arithmetic units.
  public let coreCount: Int
  /// Processors' worth of time that control groups allow; nil without a limit.
  public let quota: Double?

  /// Threads that compute fastest: one a core, and no more than the quota allows whole. One more would be stopped in
  /// the middle of a step when the quota is used up, and the others would wait for it.
  public var threadCount: Int {
    guard let quota, quota < Double(coreCount) else { return coreCount }
    return max(1, Int(quota))
  }

  /// Threads that can run at the same time.
  var concurrency: Int {
    guard let quota, quota < Double(processors.count) else { return processors.count }
    return max(1, Int(quota))
  }

  /// Looks at this machine as it is now.
  public init() { self.init(SystemFiles()) }

  /// Reads proc_pid_status(5), the topology folders of sysfs(5) and cgroups(7).
  init(_ files: SystemFiles) {
    let allowed = (files.text("/proc/self/status") ?? "").split(separator: "\n")
      .first { $0.hasPrefix("Cpus_allowed_list:") }
    let listed = Self.numbers(allowed?.split(separator: ":").last ?? "")
    processors = listed.isEmpty ? Array(0..<ProcessInfo.processInfo.activeProcessorCount) : listed
    let cores = processors.map { processor in
      files.text("/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list") ?? "\(processor)"
    }
    coreCount = Set(cores).count
    quota = ControlGroups(files).processorQuota
  }

  /// The numbers of a list such as `0-3,8,10-11`.
  private static func numbers(_ list: Substring) -> [Int] {
    list.split { $0 == "," || $0.isWhitespace }.flatMap { part -> [Int] in
      let bounds = part.split(separator: "-").compactMap { Int($0) }
      guard let first = bounds.first, let last = bounds.last, first >= 0, first <= last, last < 1 << 16 else {
        return []
      }
      return Array(first...last)
    }
  }
}
