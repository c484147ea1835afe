import Foundation
import Testing

@testable import Engine

/// What is read from `/proc`, `/sys` and control groups, on machines made of files.
@Suite struct MachineTests {
  /// A folder with these files, passed to `body` as the root of a machine.
  private func machine<Result>(_ contents: [String: String], _ body: (SystemFiles) throws -> Result) throws -> Result {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("machine-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (path, text) in contents {
      let file = root.appendingPathComponent(path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data((text + "\n").utf8).write(to: file)
    }
    return try body(SystemFiles(root: root.path))
  }

  private func topology(_ contents: [String: String]) throws -> ProcessorTopology {
    try machine(contents) { ProcessorTopology($0) }
  }

  private static let mounts = """
    22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
    31 22 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
    """
  private static let unified = mounts + "\n32 31 0:29 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw"
  private static let split =
    mounts + """

      32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
      35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:5 - cgroup cgroup rw,memory
      36 31 0:33 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
      """

  @Test func hardwareThreadsOfOneCoreCountOnce() throws {
    var files = ["proc/self/status": "Name:\tapus\nCpus_allowed:\tff\nCpus_allowed_list:\t0-7\nMems_allowed:\t1"]
    for cpu in 0..<8 {
      files["sys/devices/system/cpu/cpu\(cpu)/topology/thread_siblings_list"] = "\(cpu % 4),\(cpu % 4 + 4)"
    }
    let all = try topology(files)
    #expect(all.processors == Array(0..<8))
    #expect(all.coreCount == 4 && all.threadCount == 4 && all.concurrency == 8 && all.quota == nil)

    files["proc/self/status"] = "Cpus_allowed_list:\t0,2-3,6-6"
    let some = try topology(files)
    #expect(some.processors == [0, 2, 3, 6])
    #expect(some.coreCount == 3 && some.threadCount == 3)
  }

  @Test func withoutATopologyEveryProcessorIsACore() throws {
    let topology = try topology(["proc/self/status": "Cpus_allowed_list:\t1-3"])
    #expect(topology.coreCount == 3 && topology.threadCount == 3)
    let unknown = try self.topology(["proc/self/status": "Cpus_allowed_list:\t9-2,x,-4"])
    #expect(unknown.coreCount >= 1 && unknown.threadCount >= 1)
  }

  @Test(
    arguments: [
      (["max 100000", "max 100000", nil], 16), (["350000 100000", "max 100000", nil], 3),
      (["max 100000", "200000 100000", nil], 2), (["800000 100000", "500000 100000", "10000 2000"], 5),
      (["50000 100000", nil, nil], 1), (["3200000 100000", nil, nil], 16), (["nonsense", "", nil], 16),
    ] as [([String?], Int)])
  func quotasOfVersion2(limits: [String?], threads: Int) throws {
    var files = [
      "proc/self/status": "Cpus_allowed_list:\t0-15", "proc/self/cgroup": "0::/system.slice/apus.service",
      "proc/self/mountinfo": Self.unified,
    ]
    for (limit, group) in zip(limits, ["system.slice/apus.service/", "system.slice/", ""]) {
      if let limit { files["sys/fs/cgroup/\(group)cpu.max"] = limit }
    }
    #expect(try topology(files).threadCount == threads)
  }

  @Test func quotasOfVersion1() throws {
    var files = [
      "proc/self/status": "Cpus_allowed_list:\t0-15",
      "proc/self/cgroup": "9:name=systemd:/\n4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/",
      "proc/self/mountinfo": Self.split, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
      "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "250000",
      "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000",
    ]
    #expect(try topology(files).quota == 2.5)
    #expect(try topology(files).threadCount == 2)
    // Inside the container its own group is what is mounted.
    files["proc/self/mountinfo"] = Self.split.replacing(
      " / /sys/fs/cgroup/cpu", with: " /docker/abc /sys/fs/cgroup/cpu")
    files["sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us"] = "400000"
    #expect(try topology(files).quota == 4)
  }

  @Test func memoryIsTheLeastOfMachineAndGroups() throws {
    var files = ["proc/meminfo": "MemTotal:       24684084 kB\nMemAvailable:   20000 kB\nBuffers: 7 kB"]
    #expect(try machine(files) { AvailableMemory.bytes($0) } == 20_480_000)

    files["proc/self/mountinfo"] = Self.unified
    files["proc/self/cgroup"] = "0::/a/b"
    files["sys/fs/cgroup/a/memory.max"] = "9000000"
    files["sys/fs/cgroup/a/memory.current"] = "5000000"
    files["sys/fs/cgroup/a/memory.stat"] = "anon 2000\nfile 9000\nactive_file 1000\ninactive_file 2000000"
    files["sys/fs/cgroup/a/b/memory.max"] = "max"
    files["sys/fs/cgroup/a/b/memory.current"] = "1"
    #expect(try machine(files) { AvailableMemory.bytes($0) } == 6_001_000)

    files["proc/self/mountinfo"] = Self.split
    files["proc/self/cgroup"] = "4:memory:/g\n0::/"
    files["sys/fs/cgroup/memory/g/memory.limit_in_bytes"] = "1000"
    files["sys/fs/cgroup/memory/g/memory.usage_in_bytes"] = "1500"
    files["sys/fs/cgroup/memory/g/memory.stat"] = "total_active_file 200\ntotal_inactive_file 400\ncache 5"
    #expect(try machine(files) { AvailableMemory.bytes($0) } == 100)
  }

  @Test func hugePagesMayBeForbidden() throws {
    let path = "sys/kernel/mm/transparent_hugepage/enabled"
    #expect(try machine([path: "always [madvise] never"]) { HugePages.areOffered($0) })
    #expect(try machine([path: "[always] madvise never"]) { HugePages.areOffered($0) })
    #expect(try !machine([path: "always madvise [never]"]) { HugePages.areOffered($0) })
    #expect(try !machine([:]) { HugePages.areOffered($0) })
  }

  @Test func thisMachineHasProcessorsAndMemory() {
    let topology = ProcessorTopology()
    #expect(topology.threadCount >= 1 && topology.threadCount <= topology.processors.count)
    #expect(AvailableMemory.bytes() > 1 << 20)
  }
}
