/// Reading of scalars from well-formed UTF-8.
extension Span<UInt8> {
  /// The scalar that starts at `index`, and how many bytes it takes.
  @inline(__always)
  func scalar(at index: Int) -> (value: Int, length: Int) {
    let lead = Int(self[index])
    if lead < 0x80 { return (lead, 1) }
    let second = Int(self[index + 1]) & 0x3F
    if lead < 0xE0 { return ((lead & 0x1F) << 6 | second, 2) }
    let third = Int(self[index + 2]) & 0x3F
    if lead < 0xF0 { return ((lead & 0x0F) << 12 | second << 6 | third, 3) }
    let fourth = Int(self[index + 3]) & 0x3F
    return ((lead & 0x07) << 18 | second << 12 | third << 6 | fourth, 4)
  }

  /// Where the scalar starts that ends before `index`, which is not 0.
  @inline(__always)
  func startOfScalar(before index: Int) -> Int {
    var start = index - 1
    while start > 0, self[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }
}

extension [UInt8] {
  /// Appends the UTF-8 encoding of a scalar value.
  @inline(__always)
  mutating func append(scalar: Int) {
    switch scalar {
    case ..<0x80:
      append(UInt8(truncatingIfNeeded: scalar))
    case ..<0x800:
      append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
      appendContinuation(scalar)
    case ..<0x1_0000:
      append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
      appendContinuation(scalar >> 6)
      appendContinuation(scalar)
    default:
      append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
      appendContinuation(scalar >> 12)
      appendContinuation(scalar >> 6)
      appendContinuation(scalar)
    }
  }

  @inline(__always)
  private mutating func appendContinuation(_ bits: Int) {
    append(UInt8(truncatingIfNeeded: 0x80 | bits & 0x3F))
  }

  /// Appends the bytes of a part of `text`.
  @inline(__always)
  mutating func append(_ text: Span<UInt8>, _ range: Range<Int>) {
    for index in range { append(text[index]) }
  }
}
