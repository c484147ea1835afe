#if arch(x86_64)
  import KernelsAVX2
  import KernelsAVX512
#endif

/// What an instruction set could do at best: loops of one kind of instruction, or of loads, for measuring a machine's
/// limits. Each works on registers or on the bytes it is given, on the calling thread.
public struct PeakKernels: Sendable {
  typealias Loop = @Sendable (_ iterations: Int, _ sink: UnsafeMutableRawPointer) -> Int
  typealias Read = @Sendable (UnsafeRawPointer, Int, _ sink: UnsafeMutableRawPointer) -> Void

  /// Bytes that the loops' results need.
  public static let sinkByteCount = 64

  private let int8Loop: Loop
  private let bf16Loop: Loop?
  private let f32Loop: Loop
  private let readLoop: Read

  /// The loops of an instruction set; the portable ones where this processor does not offer it.
  public init(_ wanted: InstructionSet) {
    switch InstructionSet.available.contains(wanted) ? wanted : .portable {
    #if arch(x86_64)
      case .avx2:
        (int8Loop, bf16Loop, f32Loop) = (KernelsAVX2.peakInt8, nil, KernelsAVX2.peakF32)
        readLoop = KernelsAVX2.readBytes
      case .avx512:
        (int8Loop, bf16Loop, f32Loop) = (KernelsAVX512.peakInt8, KernelsAVX512.peakBF16, KernelsAVX512.peakF32)
        readLoop = KernelsAVX512.readBytes
    #endif
    default:
      (int8Loop, bf16Loop, f32Loop) = (PortablePeaks.int8, nil, PortablePeaks.f32)
      readLoop = PortablePeaks.readBytes
    }
  }

  /// Products of 8-bit integers, summed in wider ones; returns how many multiply-adds were done.
  public func int8(iterations: Int, sink: UnsafeMutableRawPointer) -> Int { int8Loop(iterations, sink) }

  /// Products of BF16 numbers, summed in F32; returns how many multiply-adds were done. Without instructions for them
  /// BF16 is widened to F32, so that F32's are the limit.
  public func bf16(iterations: Int, sink: UnsafeMutableRawPointer) -> Int { (bf16Loop ?? f32Loop)(iterations, sink) }

  /// F32 multiply-adds; returns how many were done.
  public func f32(iterations: Int, sink: UnsafeMutableRawPointer) -> Int { f32Loop(iterations, sink) }

  /// Reads `byteCount` bytes, a multiple of 256, in order.
  public func read(_ address: UnsafeRawPointer, byteCount: Int, sink: UnsafeMutableRawPointer) {
    readLoop(address, byteCount, sink)
  }
}
