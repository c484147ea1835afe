/// The control groups this process is in, which may limit what it gets of a machine (cgroups(7)): of version 1, of
/// version 2, or of both side by side.
struct ControlGroups {
  /// One group, as the folder its limits are read from.
  struct Group {
    /// Whether the folder has the files of version 2.
    let isUnified: Bool
    let folder: String
  }

  private let files: SystemFiles
  private let memberships: [(controllers: [Substring], path: Substring)]
  private let mounts: [Mount]

  private struct Mount {
    let isUnified: Bool
    let controllers: [Substring]
    /// The group that is visible at `folder`: a container often sees its own only.
    let root: Substring
    let folder: Substring
  }

  init(_ files: SystemFiles) {
    self.files = files
    memberships = (files.text("/proc/self/cgroup") ?? "").split(separator: "\n").compactMap { line in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      return fields.count == 3 ? (fields[1].split(separator: ","), fields[2]) : nil
    }
    mounts = (files.text("/proc/self/mountinfo") ?? "").split(separator: "\n").compactMap { line in
      // proc_pid_mountinfo(5): … root, mount point, options, optional fields, "-", type, source, super options.
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash >= 5, fields.count > dash + 3 else { return nil }
      guard fields[dash + 1] == "cgroup" || fields[dash + 1] == "cgroup2" else { return nil }
      return Mount(
        isUnified: fields[dash + 1] == "cgroup2", controllers: fields[dash + 3].split(separator: ","),
        root: fields[3], folder: fields[4])
    }
  }

  /// Processors' worth of time that the groups allow, the least of all; nil without a limit.
  var processorQuota: Double? {
    groups(of: "cpu").compactMap { group in
      let fields: [Substring?]
      if group.isUnified {
        fields = files.text("\(group.folder)/cpu.max")?.split(separator: " ") ?? []
      } else {
        fields = ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map { files.text("\(group.folder)/\($0)")?[...] }
      }
      guard fields.count == 2, let quota = fields[0].flatMap({ Double($0) }),
        let period = fields[1].flatMap({ Double($0) }), quota > 0, period > 0
      else { return nil }
      return quota / period
    }.min()
  }

  /// Bytes that the groups let this process still take, the least of all; nil without a limit.
  var availableBytes: Int? {
    groups(of: "memory").compactMap { group in
      let names =
        group.isUnified
        ? ("memory.max", "memory.current", ["active_file", "inactive_file"])
        : ("memory.limit_in_bytes", "memory.usage_in_bytes", ["total_active_file", "total_inactive_file"])
      guard let limit = files.number("\(group.folder)/\(names.0)"),
        let used = files.number("\(group.folder)/\(names.1)")
      else { return nil }
      // Cached files count as used, but make room.
      let cached = names.2.reduce(0) { $0 + (files.value(of: $1, in: "\(group.folder)/memory.stat") ?? 0) }
      return max(0, limit - max(0, used - cached))
    }.min()
  }

  /// The groups that limit `controller`, from the process's own outwards as far as they are visible.
  private func groups(of controller: Substring) -> [Group] {
    mounts.flatMap { mount -> [Group] in
      guard mount.isUnified || mount.controllers.contains(controller) else { return [] }
      let own = memberships.first { mount.isUnified ? $0.controllers.isEmpty : $0.controllers.contains(controller) }
      guard let own else { return [] }
      var path = own.path
      if mount.root != "/" { path = path.hasPrefix(mount.root) ? path.dropFirst(mount.root.count) : "" }
      var groups: [Group] = []
      while path.count > 1 {
        groups.append(Group(isUnified: mount.isUnified, folder: "\(mount.folder)\(path)"))
        path = path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)
      }
      groups.append(Group(isUnified: mount.isUnified, folder: "\(mount.folder)"))
      return groups
    }
  }
}
