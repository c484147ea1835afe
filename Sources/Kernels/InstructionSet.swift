#if arch(x86_64)
  import CIntrinsics
#endif

/// The instruction sets kernels exist for.
public enum InstructionSet: String, Sendable, CaseIterable {
  /// The compiler's SIMD types at the processor family's base instruction set; every machine has it.
  case portable
  /// AVX2 with FMA and F16C.
  case avx2
  /// AVX-512 F, BW, DQ, VL, VNNI and BF16.
  case avx512

  /// The sets this processor offers and the operating system saves, the widest last.
  public static var available: [InstructionSet] {
    var sets: [InstructionSet] = [.portable]
    #if arch(x86_64)
      let features = ProcessorFeatures()
      if features.hasAVX2 { sets.append(.avx2) }
      if features.hasAVX2 && features.hasAVX512 { sets.append(.avx512) }
    #endif
    return sets
  }

  /// The widest set this processor offers.
  public static var best: InstructionSet { available.last ?? .portable }
}

#if arch(x86_64)
  /// The CPUID bits that decide (Intel 64 manual, volume 2, CPUID).
  private struct ProcessorFeatures {
    let hasAVX2: Bool
    let hasAVX512: Bool

    init() {
      let basic = Self.query(leaf: 1, subleaf: 0)
      let extended = Self.query(leaf: 7, subleaf: 0)
      let extended1 = Self.query(leaf: 7, subleaf: 1)
      let osSavesRegisters = basic.ecx >> 27 & 1 == 1
      let saved = osSavesRegisters ? read_xcr0() : 0
      // Vector state (XMM, YMM) for AVX2; with opmask and both ZMM parts for AVX-512.
      let savesYMM = saved & 0x6 == 0x6
      let savesZMM = saved & 0xe6 == 0xe6
      func has(_ register: UInt32, _ bits: Int...) -> Bool { bits.allSatisfy { register >> UInt32($0) & 1 == 1 } }
      hasAVX2 = savesYMM && has(basic.ecx, 12, 28, 29) && has(extended.ebx, 5)
      hasAVX512 =
        savesZMM && has(extended.ebx, 16, 17, 30, 31) && has(extended.ecx, 11) && has(extended1.eax, 5)
    }

    private static func query(leaf: UInt32, subleaf: UInt32) -> (eax: UInt32, ebx: UInt32, ecx: UInt32) {
      var (eax, ebx, ecx, edx): (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
      guard __get_cpuid_count(leaf, subleaf, &eax, &ebx, &ecx, &edx) != 0 else { return (0, 0, 0) }
      return (eax, ebx, ecx)
    }
  }
#endif
