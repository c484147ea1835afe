import Foundation

/// Python's `datetime.strftime` on the local time.
enum TimeFormatter {
  static func format(_ seconds: Double, _ format: String, _ budget: Budget) throws(Fault) -> String {
    try budget.spend(text: format)
    guard !format.isEmpty else { return "" }
    guard var time = time_t(exactly: seconds.rounded(.down)) else { throw Fault(.value, "the time is out of range") }
    var parts = tm()
    guard localtime_r(&time, &parts) != nil else { throw Fault(.value, "the time is out of range") }
    let microseconds = Int((seconds - seconds.rounded(.down)) * 1_000_000)
    let adapted = try adapt(format, microseconds: microseconds)
    guard !adapted.utf8.contains(0) else { throw Fault(.value, "the format contains a null character") }

    var buffer = [CChar](repeating: 0, count: 256 + adapted.utf8.count * 8)
    let count = strftime(&buffer, buffer.count, adapted, &parts)
    // Nothing is also what a full buffer gives; no directive is longer than the buffer allows for, except with a width.
    guard count > 0 || adapted.isEmpty else { throw Fault(.unsupported, "the time format is not supported") }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Replaces the directives Python handles itself: a time without zone writes nothing for it.
  private static func adapt(_ format: String, microseconds: Int) throws(Fault) -> String {
    var result = ""
    var scalars = format.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "%", let directive = scalars.first else {
        result.unicodeScalars.append(scalar)
        continue
      }
      switch directive {
      case "f":
        let digits = String(microseconds)
        result += String(repeating: "0", count: 6 - digits.count) + digits
      case "z", "Z": break
      case ":", "E", "O", "_", "^", "#", "+", "0"..."9":
        throw Fault(.unsupported, "the time format '%\(directive)' is not supported")
      default: result += "%" + String(directive)
      }
      scalars.removeFirst()
    }
    return result
  }
}
