import Glibc

/// The system did not give a block of memory.
public struct MemoryBlockError: Error, Hashable {
  /// The bytes that were asked for.
  public let byteCount: Int
}

/// Zeroed memory of its own, in huge pages where the kernel has them, freed with the object.
///
/// A huge page saves translations of addresses: a pass over gigabytes is a fifth faster than with small pages. The
/// kernel takes a page when it is first touched.
public final class MemoryBlock: @unchecked Sendable {
  /// Where it starts: where a huge page does, if it is as large as one.
  public let base: UnsafeMutableRawPointer
  /// Its size; at least 1.
  public let byteCount: Int
  private let mapping: UnsafeMutableRawBufferPointer

  /// Bytes of a huge page of x86-64, and of arm64 with pages of 4 KiB.
  public static let hugePageSize = 2 << 20

  /// Reserves `byteCount` bytes.
  public init(byteCount: Int) throws(MemoryBlockError) {
    // An empty block still has an address. Room to align it is reserved, too.
    let size = max(byteCount, 1)
    let padding = size < Self.hugePageSize ? 0 : Self.hugePageSize
    let (length, overflow) = size.addingReportingOverflow(2 * padding)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    guard byteCount >= 0, !overflow,
      let start = mmap(nil, length, PROT_READ | PROT_WRITE, flags, -1, 0), start != MAP_FAILED
    else { throw MemoryBlockError(byteCount: byteCount) }
    mapping = UnsafeMutableRawBufferPointer(start: start, count: length)
    base = padding == 0 ? start : start.alignedUp(toMultipleOf: padding)
    self.byteCount = size
    // The last page counts as a whole one: its end is within the reserve. A refusal costs speed only.
    if padding > 0 { madvise(base, length - (base - start), Int32(MADV_HUGEPAGE)) }
  }

  deinit { munmap(mapping.baseAddress, mapping.count) }
}
