import Glibc
import Kernels
import Tensor

/// Matrices copied from mapped files into memory in huge pages, those of block formats in the layout that the kernels
/// like best. Places are given out first; `fill` copies all at once, on several threads.
final class WeightCopies: @unchecked Sendable {
  private let block: MemoryBlock
  private let blockLayout: BlockLayout
  private var used = 0
  private var pieces: [Piece] = []

  /// Bytes one thread copies at a time.
  private static let pieceSize = 4 << 20
  /// Every matrix starts on a cache line.
  private static let alignment = 64

  /// Some rows of a matrix.
  fileprivate struct Piece {
    let source: UnsafeRawBufferPointer
    let destination: UnsafeMutableRawPointer
    let type: ElementType
    let columns: Int
    let layout: BlockLayout
  }

  /// Reserves memory for `matrixCount` matrices of together `byteCount` bytes.
  init(byteCount: Int, matrixCount: Int, blockLayout: BlockLayout) throws(ModelError) {
    self.blockLayout = blockLayout
    do {
      block = try MemoryBlock(byteCount: byteCount + matrixCount * Self.alignment)
    } catch {
      throw .outOfMemory(byteCount: error.byteCount)
    }
  }

  /// The matrix of `rows × columns` as it will be after `fill`, with rows of `source`; nil if it does not fit.
  func place(_ source: UnsafeRawBufferPointer, _ type: ElementType, rows: Int, columns: Int) -> Matrix? {
    let end = (used + source.count + Self.alignment - 1) / Self.alignment * Self.alignment
    guard end <= block.byteCount else { return nil }
    let together = BlockLayout.rowsTogether
    let layout = type.isQuantized && rows % together == 0 ? blockLayout : .rows
    let destination = block.base + used
    let stride = type.byteCount(elements: columns)
    let pieceRows = max(1, Self.pieceSize / (together * max(1, stride))) * together
    for row in Swift.stride(from: 0, to: rows, by: pieceRows) {
      let part = source[row * stride..<min(row + pieceRows, rows) * stride]
      pieces.append(
        Piece(
          source: UnsafeRawBufferPointer(rebasing: part), destination: destination + row * stride, type: type,
          columns: columns, layout: layout))
    }
    used = end
    return Matrix(
      address: UnsafeRawPointer(destination), type: type, layout: layout, rows: rows, columns: columns)
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
    switch layout {
    case .rows: destination.copyMemory(from: start, byteCount: source.count)
    case .interleaved:
      let rows = source.count / type.byteCount(elements: columns)
      Interleaving.interleave(type, start, rows: rows, columns: columns, to: destination)
    }
    let inner = start.alignedUp(toMultipleOf: pageSize)
    let end = (start + source.count).alignedDown(toMultipleOf: pageSize)
    if inner < end { madvise(UnsafeMutableRawPointer(mutating: inner), end - inner, Int32(MADV_DONTNEED)) }
  }

  /// MADV_POPULATE_READ of madvise(2), since Linux 5.14.
  private static let populateForReading: Int32 = 22
}
