import HTTPTypes
import Testing

@testable import HTTP

/// What a connection does depends on the bytes it gets, not on the pieces they come in.
@Suite struct SplitTests {
  private static let limits = {
    var limits = HTTPLimits()
    limits.requestLineBytes = 60
    limits.headerBytes = 120
    limits.headerFieldCount = 5
    limits.bodyBytes = 40
    return limits
  }()

  private static let pieces = [
    "GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n", "\n", "\r", "GET / HTTP/1.1\r\n", "Host: h\r\n", "Host: h\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n", "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n", "3;x=\"y\"\r\nabc\r\n",
    "0\r\n\r\n", "0\r\nT: r\r\n\r\n", "ff\r\n", "Connection: close\r\n", "X: y\r\n", " folded\r\n",
    "GET /" + String(repeating: "x", count: 70),
    "Long: " + String(repeating: "x", count: 130), "hello", "Content-Length: 3\r\n\r\n", "\u{E9}\u{0}",
  ]

  /// Sequences of valid requests and of rubble, from a fixed seed.
  private static func inputs(seed: UInt64, count: Int) -> [[UInt8]] {
    var random = SplitMix(state: seed)
    return (0..<count).map { _ in
      (0..<Int.random(in: 1...6, using: &random)).flatMap { _ in
        Array(pieces[Int.random(in: pieces.indices, using: &random)].utf8)
      }
    }
  }

  @Test func byteByByteEqualsAtOnce() {
    for input in Self.inputs(seed: 1, count: 1500) {
      var whole = MachineHarness(limits: Self.limits)
      whole.feed(input)
      var bytewise = MachineHarness(limits: Self.limits)
      for byte in input { bytewise.feed([byte]) }
      #expect(whole.steps == bytewise.steps, "\(String(decoding: input, as: UTF8.self))")
    }
  }

  @Test func randomPiecesEqualAtOnce() {
    var random = SplitMix(state: 2)
    for input in Self.inputs(seed: 3, count: 1500) {
      var whole = MachineHarness(limits: Self.limits)
      whole.feed(input)
      whole.apply { $0.receiveEnd() }
      var split = MachineHarness(limits: Self.limits)
      var rest = input[...]
      while !rest.isEmpty {
        let size = Int.random(in: 1...min(20, rest.count), using: &random)
        split.feed(rest.prefix(size))
        rest = rest.dropFirst(size)
      }
      split.apply { $0.receiveEnd() }
      #expect(whole.steps == split.steps, "\(String(decoding: input, as: UTF8.self))")
    }
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014): repeatable random numbers.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
