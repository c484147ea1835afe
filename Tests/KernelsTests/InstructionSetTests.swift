import Foundation
import Kernels
import Testing

@Suite struct InstructionSetTests {
  @Test func portableIsAlwaysThere() {
    #expect(InstructionSet.available.first == .portable)
    #expect(InstructionSet.best == InstructionSet.available.last)
    #expect(Kernels().instructionSet == InstructionSet.best)
  }

  @Test func unavailableSetsFallBack() {
    for set in InstructionSet.allCases {
      let found = Kernels(set).instructionSet
      #expect(found == (InstructionSet.available.contains(set) ? set : .portable))
    }
  }

  #if os(Linux) && arch(x86_64)
    /// The operating system's own reading of CPUID.
    @Test func agreesWithTheOperatingSystem() throws {
      let text = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
      let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("flags") })
      let flags = Set(line.split(separator: " ").map(String.init))
      let avx2: Set = ["avx", "avx2", "fma", "f16c"]
      let avx512 = avx2.union(["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "avx512_bf16"])
      #expect(InstructionSet.available.contains(.avx2) == flags.isSuperset(of: avx2))
      #expect(InstructionSet.available.contains(.avx512) == flags.isSuperset(of: avx512))
    }
  #endif
}
