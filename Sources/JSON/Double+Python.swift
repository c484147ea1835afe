extension Double {
  /// The number as Python's `repr` writes it: the shortest digits that read back as the same number,
  /// always with a fraction or an exponent; an exponent below 1e-4 and from 1e16 on, with two digits at least.
  public var pythonDescription: String {
    if isNaN { return "nan" }
    if isInfinite { return self < 0 ? "-inf" : "inf" }
    if self == 0 { return sign == .minus ? "-0.0" : "0.0" }

    // Swift's description has the same digits; only the layout differs.
    var digits: [UInt8] = []
    var pointPosition: Int?
    var exponent = 0
    let text = magnitude.description.utf8
    for (index, byte) in zip(text.indices, text) {
      switch byte {
      case UInt8(ascii: "."): pointPosition = digits.count
      case UInt8(ascii: "e"): exponent = Int(String(text[text.index(after: index)...]) ?? "") ?? 0
      case UInt8(ascii: "0")...UInt8(ascii: "9") where exponent == 0: digits.append(byte)
      default: break
      }
    }
    exponent += pointPosition ?? digits.count
    let leadingZeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
    digits.removeFirst(leadingZeros)
    exponent -= leadingZeros
    while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }

    return (sign == .minus ? "-" : "") + Self.layOut(digits, exponent: exponent)
  }

  /// Lays out 0.d₁d₂d₃… · 10^exponent.
  private static func layOut(_ digits: [UInt8], exponent: Int) -> String {
    let text = String(decoding: digits, as: UTF8.self)
    switch exponent {
    case -3...0:
      return "0." + String(repeating: "0", count: -exponent) + text
    case 1...16 where exponent >= digits.count:
      return text + String(repeating: "0", count: exponent - digits.count) + ".0"
    case 1...16:
      return text.prefix(exponent) + "." + text.dropFirst(exponent)
    default:
      let scientific = exponent - 1
      let fraction = digits.count > 1 ? "." + text.dropFirst() : ""
      let padding = scientific.magnitude < 10 ? "0" : ""
      return text.prefix(1) + fraction + "e" + (scientific < 0 ? "-" : "+") + padding + "\(scientific.magnitude)"
    }
  }
}
