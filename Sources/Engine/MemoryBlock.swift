import Foundation

/// A block of zeroed memory that is freed with the object, on its own pages.
final class MemoryBlock {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int, purpose: String) throws(EngineError) {
    // An empty block still has an address.
    self.byteCount = max(byteCount, 1)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    guard let base = mmap(nil, self.byteCount, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED else {
      throw .outOfMemory(byteCount: byteCount, purpose: purpose)
    }
    self.base = base
    #if os(Linux)
      // Fewer address translations in the large pools; a refusal costs speed only.
      madvise(base, self.byteCount, Int32(MADV_HUGEPAGE))
    #endif
  }

  deinit { munmap(base, byteCount) }
}
