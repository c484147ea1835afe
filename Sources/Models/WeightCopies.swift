import Glibc
import Kernels
import Tensor

/// Matrices copied from mapped files into memory in huge pages. Places are given out first; `fill` copies all at once,
/// on several threads.
final class WeightCopies: @unchecked Sendable {
  private let block: MemoryBlock
  private var used = 0
  private var pieces: [Piece] = []

  /// Bytes one thread copies at a time.
  private static let pieceSize = 4 << 20
  /// Every matrix starts on a cache line.
  private static let alignment = 64

  fileprivate struct Piece {
    let source: UnsafeRawBufferPointer
    let destination: UnsafeMutableRawPointer
  }

  /// Reserves memory for `matrixCount` matrices of together `byteCount` bytes.
  init(byteCount: Int, matrixCount: Int) throws(ModelError) {
    do {
      block = try MemoryBlock(byteCount: byteCount + matrixCount * Self.alignment)
    } catch {
      throw .outOfMemory(byteCount: error.byteCount)
    }
  }

  /// Where a copy of `source` will be after `fill`; nil if it does not fit.
  func place(_ source: UnsafeRawBufferPointer) -> UnsafeRawPointer? {
    let end = (used + source.count + Self.alignment - 1) / Self.alignment * Self.alignment
    guard end <= block.byteCount else { return nil }
    let destination = block.base + used
    for start in stride(from: 0, to: source.count, by: Self.pieceSize) {
      let part = source[start..<min(start + Self.pieceSize, source.count)]
      pieces.append(Piece(source: UnsafeRawBufferPointer(rebasing: part), destination: destination + start))
    }
    used = end
    return UnsafeRawPointer(destination)
  }

  /// Copies everything that has a place. Whoever holds the sources keeps them until then.
  func fill(threads: Int) {
    let pieces = pieces
    let copy = { (index: Int, _: Int) in pieces[index].copy() }
    if let workers = try? WorkerPool(threadCount: threads) {
      workers.run(pieces.count, copy)
    } else {
      for index in pieces.indices { copy(index, 0) }
    }
    self.pieces = []
  }
}

extension WeightCopies.Piece {
  /// Copies, and lets go of the pages that are of this piece alone: they would count as this process's memory twice.
  fileprivate func copy() {
    guard let start = source.baseAddress else { return }
    let pageSize = Int(getpagesize())
    let firstPage = start.alignedDown(toMultipleOf: pageSize)
    let pages = UnsafeMutableRawPointer(mutating: firstPage)
    // One call instead of a fault for every few pages. Older kernels refuse it, and then the copy faults.
    madvise(pages, start + source.count - firstPage, Self.populateForReading)
    destination.copyMemory(from: start, byteCount: source.count)
    let inner = start.alignedUp(toMultipleOf: pageSize)
    let end = (start + source.count).alignedDown(toMultipleOf: pageSize)
    if inner < end { madvise(UnsafeMutableRawPointer(mutating: inner), end - inner, Int32(MADV_DONTNEED)) }
  }

  /// MADV_POPULATE_READ of madvise(2), since Linux 5.14.
  private static let populateForReading: Int32 = 22
}
