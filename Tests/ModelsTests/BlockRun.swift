import Kernels
import ModelFiles
import Testing

@testable import Models

/// Runs a block over the rows of one or more sequences, with memory of its own.
final class BlockRun {
  let executor: Executor
  private let memory: UnsafeMutableRawPointer

  init(_ configuration: ModelConfiguration, tokens: Int, threads: Int = 1, _ set: InstructionSet = .best) throws {
    let need = WorkspaceNeed(configuration, tokens: tokens)
    let bytes =
      need.forwardBytes + Executor.workspaceBytes(need, threads: threads)
    memory = .allocate(byteCount: bytes, alignment: 64)
    // What is not written first must not matter.
    memory.initializeMemory(as: UInt8.self, repeating: 0xff, count: bytes)
    executor = Executor(
      kernels: Kernels(set), workers: try WorkerPool(threadCount: threads),
      workspace: Workspace(base: memory, byteCount: bytes), need: need, leastSharedWork: 0)
  }

  deinit { memory.deallocate() }

  /// One sequence's next rows: `count` from `position` on, in slot 0, with the pages 0, 1, 2….
  func withBatch(position: Int, count: Int, _ body: (Batch) -> Void) {
    let positions = (0..<count).map { Int32(position + $0) }
    let zeros = [Int32](repeating: 0, count: count)
    let pages = (0...Int32((position + count) / KeyValuePages.pageSize)).map { $0 }
    pages.withUnsafeBufferPointer { pages in
      positions.withUnsafeBufferPointer { positions in
        zeros.withUnsafeBufferPointer { zeros in
          let rows = SequenceRows(
            firstRow: 0, count: count, position: position, slot: 0, pages: pages.baseAddress.unsafelyUnwrapped)
          withUnsafePointer(to: rows) { rows in
            body(
              Batch(
                rowCount: count, tokens: zeros.baseAddress.unsafelyUnwrapped,
                positions: positions.baseAddress.unsafelyUnwrapped,
                sequences: UnsafeBufferPointer(start: rows, count: 1),
                sequenceOfRow: zeros.baseAddress.unsafelyUnwrapped))
          }
        }
      }
    }
  }
}

/// The rows `range` of a row-major matrix.
func rows(_ values: [Float], _ range: Range<Int>, of width: Int) -> [Float] {
  Array(values[range.lowerBound * width..<range.upperBound * width])
}

/// The parts a sequence of `count` rows is cut into, `chunk` rows each.
func parts(_ count: Int, chunk: Int) -> [Range<Int>] {
  stride(from: 0, to: count, by: chunk).map { $0..<min($0 + chunk, count) }
}
