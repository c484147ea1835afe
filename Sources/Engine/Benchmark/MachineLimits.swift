public import Kernels
import Tensor

/// What the machine does at best with an instruction set and a number of threads, measured.
public struct MachineLimits: Sendable, Hashable {
  /// Bytes a second that all threads together read from memory, in huge pages where the system gives them.
  public var readBytesPerSecond: Double
  /// Multiply-adds a second of 8-bit integers, all threads together, with data in registers.
  public var int8MultiplyAddsPerSecond: Double
  /// The same of BF16 numbers; F32's where the instruction set has no BF16 products.
  public var bf16MultiplyAddsPerSecond: Double
  /// The same of F32 numbers.
  public var f32MultiplyAddsPerSecond: Double

  /// Limits.
  public init(
    readBytesPerSecond: Double, int8MultiplyAddsPerSecond: Double, bf16MultiplyAddsPerSecond: Double,
    f32MultiplyAddsPerSecond: Double
  ) {
    self.readBytesPerSecond = readBytesPerSecond
    self.int8MultiplyAddsPerSecond = int8MultiplyAddsPerSecond
    self.bf16MultiplyAddsPerSecond = bf16MultiplyAddsPerSecond
    self.f32MultiplyAddsPerSecond = f32MultiplyAddsPerSecond
  }

  /// Multiply-adds a second of one kind of arithmetic.
  public func multiplyAddsPerSecond(_ arithmetic: Arithmetic) -> Double {
    switch arithmetic {
    case .int8: int8MultiplyAddsPerSecond
    case .bf16: bf16MultiplyAddsPerSecond
    case .f32: f32MultiplyAddsPerSecond
    }
  }
}

extension MachineLimits {
  /// The best of several passes of each loop, in a second or so.
  ///
  /// - Parameters:
  ///   - instructionSet: whose loops to run.
  ///   - threads: threads that run them, the caller's included.
  ///   - byteCount: memory to read; should be many times the processor's caches.
  public static func measure(
    _ instructionSet: InstructionSet, threads: Int, byteCount: Int = 1 << 29
  ) throws(EngineError) -> MachineLimits {
    let workers: WorkerPool
    do { workers = try WorkerPool(threadCount: threads) } catch { throw .threadCreationFailed(code: error.code) }
    let memory = try MemoryBlock(byteCount: max(tileBytes, byteCount / tileBytes * tileBytes), purpose: "measuring")
    // Pages that were never written all map to one page of zeros.
    memory.base.initializeMemory(as: UInt8.self, repeating: 1, count: memory.byteCount)
    let sinks = try MemoryBlock(byteCount: threads * sinkStride, purpose: "measuring")
    let measurement = Measurement(
      kernels: PeakKernels(instructionSet), workers: workers, memory: memory, sinks: sinks)
    return MachineLimits(
      readBytesPerSecond: measurement.read(),
      int8MultiplyAddsPerSecond: measurement.compute { $0.int8(iterations: $1, sink: $2) },
      bf16MultiplyAddsPerSecond: measurement.compute { $0.bf16(iterations: $1, sink: $2) },
      f32MultiplyAddsPerSecond: measurement.compute { $0.f32(iterations: $1, sink: $2) })
  }

  /// Bytes a thread reads at a time.
  fileprivate static let tileBytes = 1 << 21
  /// Threads' results stay out of each other's cache lines.
  fileprivate static let sinkStride = 4 * PeakKernels.sinkByteCount
}

/// The loops on all threads of a pool.
private struct Measurement {
  private static let passes = 5
  /// Tiles of a computing pass: many more than threads, so that a thread that is held back holds up little.
  private static let tiles = 256
  /// Turns of a loop in a tile; some hundred microseconds.
  private static let iterations = 20_000

  let kernels: PeakKernels
  let workers: WorkerPool
  let memory: MemoryBlock
  let sinks: MemoryBlock

  /// Bytes read a second.
  func read() -> Double {
    let tiles = memory.byteCount / MachineLimits.tileBytes
    return best {
      workers.run(tiles) { tile, worker in
        kernels.read(
          memory.base + tile * MachineLimits.tileBytes, byteCount: MachineLimits.tileBytes, sink: sink(of: worker))
      }
      return memory.byteCount
    }
  }

  /// Multiply-adds a second of the loop that `body` runs.
  func compute(_ body: (_ kernels: PeakKernels, _ iterations: Int, _ sink: UnsafeMutableRawPointer) -> Int) -> Double {
    best {
      workers.run(Self.tiles) { _, worker in _ = body(kernels, Self.iterations, sink(of: worker)) }
      return Self.tiles * body(kernels, 1, sink(of: 0)) * Self.iterations
    }
  }

  private func sink(of worker: Int) -> UnsafeMutableRawPointer { sinks.base + worker * MachineLimits.sinkStride }

  /// The most a second of all passes; `pass` returns how much it did.
  private func best(_ pass: () -> Int) -> Double {
    let clock = ContinuousClock()
    return (0..<Self.passes).reduce(0) { best, _ in
      var done = 0
      let seconds = clock.measure { done = pass() } / .seconds(1)
      return max(best, Double(done) / seconds)
    }
  }
}
