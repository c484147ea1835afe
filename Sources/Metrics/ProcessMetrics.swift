import Foundation
import Glibc

/// What the kernel tells of this process, under the names that all Prometheus clients use.
public enum ProcessMetrics {
  /// Adds the process's metrics to a registry.
  public static func add(to registry: MetricRegistry) {
    registry.add(
      "process_cpu_seconds_total", "Processor time of the process, user and system, in seconds.", .total(cpuSeconds))
    registry.add(
      "process_resident_memory_bytes", "Memory of the process that is in RAM, mapped files among it.",
      .gauge { statusBytes("VmRSS:") })
    registry.add("process_open_fds", "Open file descriptors.", .gauge(openDescriptors))
    registry.add("process_max_fds", "Most file descriptors that may be open.", .gauge(mostDescriptors))
    registry.add("process_threads", "Threads of the process.", .gauge { status("Threads:") })
    let start = Date().timeIntervalSince1970
    registry.add("process_start_time_seconds", "When the process began, in seconds since 1970.", .gauge { start })
  }

  @Sendable private static func cpuSeconds() -> Double {
    var usage = rusage()
    guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return 0 }
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  @Sendable private static func openDescriptors() -> Double? {
    // The one that reads the folder is none of the process's own.
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { Double(max(0, $0.count - 1)) }
  }

  @Sendable private static func mostDescriptors() -> Double? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    return Double(limit.rlim_cur)
  }

  private static func statusBytes(_ key: String) -> Double? { status(key).map { $0 * 1024 } }

  /// A number of `/proc/self/status`.
  private static func status(_ key: String) -> Double? {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }
  }
}
