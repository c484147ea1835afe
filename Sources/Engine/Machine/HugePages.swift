/// Memory in pages of 2 MiB.
public enum HugePages {
  /// Whether the kernel gives huge pages to memory that asks for them (admin-guide/mm/transhuge of Linux).
  public static func areOffered() -> Bool { areOffered(SystemFiles()) }

  static func areOffered(_ files: SystemFiles) -> Bool {
    guard let modes = files.text("/sys/kernel/mm/transparent_hugepage/enabled") else { return false }
    return !modes.contains("[never]")
  }
}
