import Grammar
import Testing

@Suite struct SetTests {
  @Test func rangesAreMergedAndSurrogatesLeftOut() {
    #expect(ScalarSet([5...9, 0...3, 4...4]).ranges == [0...9])
    #expect(ScalarSet([0xD000...0xE001]).ranges == [0xD000...0xD7FF, 0xE000...0xE001])
    #expect(ScalarSet([0x10_FFFF...0x20_0000]).ranges == [0x10_FFFF...0x10_FFFF])
  }

  @Test func scalarSetsFollowSetAlgebra() {
    let letters = ScalarSet("a"..."z")
    #expect(letters.inverted.inverted == letters)
    #expect(letters.inverted.contains("A") && !letters.inverted.contains("q"))
    #expect(ScalarSet.all.inverted.isEmpty)
    #expect(letters.subtracting(ScalarSet(of: "bcd")).ranges == [0x61...0x61, 0x65...0x7A])
    #expect(letters.intersection(ScalarSet("x"..."~")).ranges == [0x78...0x7A])
  }

  @Test func byteSetsHoldEveryByte() {
    for byte in UInt8.min...UInt8.max {
      let set = ByteSet([byte])
      #expect(set.bytes == [byte] && set.count == 1 && set.contains(byte) && !set.contains(byte ^ 1))
    }
    #expect(ByteSet.all.count == 256 && ByteSet().isEmpty)
    #expect(ByteSet(0x30...0x39).union(ByteSet([0x2D])).count == 11)
  }
}
