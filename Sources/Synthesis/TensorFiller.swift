internal import Dispatch
internal import Foundation
internal import ModelFiles
internal import Synchronization
internal import Tensor

/// Draws the data of tensors and hands it to a writer, part by part, on all cores.
struct TensorFiller {
  /// Elements of a part: whole blocks of every format, and at most 4 MiB.
  private static let partLength = 1 << 20

  private struct Part {
    let tensor: Int
    let number: Int
  }

  private struct State {
    var next = 0
    var writtenBytes = 0
    var error: ModelFileError?
  }

  private let tensors: [PlannedTensor]
  private let seed: UInt64
  private let writer: any TensorWriter
  private let progress: @Sendable (Int, Int) -> Void
  private let parts: [Part]

  init(
    tensors: [PlannedTensor], seed: UInt64, writer: any TensorWriter, progress: @escaping @Sendable (Int, Int) -> Void
  ) {
    self.tensors = tensors
    self.seed = seed
    self.writer = writer
    self.progress = progress
    parts = tensors.enumerated().flatMap { index, tensor in
      let count = (tensor.description.elementCount + Self.partLength - 1) / Self.partLength
      return (0..<count).map { Part(tensor: index, number: $0) }
    }
  }

  /// Fills all tensors; stops at the first part that cannot be written.
  func run() throws(ModelFileError) {
    let state = Mutex(State())
    let total = tensors.reduce(0) { $0 + $1.description.byteCount }
    DispatchQueue.concurrentPerform(iterations: ProcessInfo.processInfo.activeProcessorCount) { _ in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * Self.partLength, alignment: 64)
      defer { buffer.deallocate() }
      while let part = state.withLock({ take(&$0) }) {
        do throws(ModelFileError) {
          let count = try write(part, buffer)
          state.withLock {
            $0.writtenBytes += count
            progress($0.writtenBytes, total)
          }
        } catch {
          state.withLock { $0.error = $0.error ?? error }
        }
      }
    }
    if let error = state.withLock({ $0.error }) { throw error }
  }

  private func take(_ state: inout State) -> Part? {
    guard state.error == nil, state.next < parts.count else { return nil }
    defer { state.next += 1 }
    return parts[state.next]
  }

  /// Draws and writes one part, and returns its bytes.
  private func write(_ part: Part, _ buffer: UnsafeMutableRawBufferPointer) throws(ModelFileError) -> Int {
    let tensor = tensors[part.tensor]
    let type = tensor.description.type
    let start = part.number * Self.partLength
    let count = type.byteCount(elements: min(Self.partLength, tensor.description.elementCount - start))
    let data = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    var random = Xoshiro256(seed: seed, stream: part.tensor, part: part.number)
    if let floatType = type.floatType {
      FloatMaker.fill(data, floatType, tensor.values, &random)
    } else {
      BlockMaker.fill(data, type, deviation: tensor.values.deviation, &random)
    }
    try writer.write(UnsafeRawBufferPointer(data), tensor: part.tensor, offset: type.byteCount(elements: start))
    return count
  }
}
