/// What clients do in one input: bytes they send, and between these, each behind a byte 0xFF, what else they do.
///
/// The first byte says how all ends.
struct Script {
  /// What a byte behind 0xFF stands for, modulo their number; 0xFF itself stands for that byte.
  enum Operation: UInt8, CaseIterable {
    /// What came so far is sent by itself.
    case split
    case awaitAnswer, halfClose, reset, close
    /// Connects, to the server with tight limits if the argument is odd.
    case open
    /// Goes on with another connection.
    case select
    case stopReading, goOnReading
    case replaceKeys
    /// Stops the server that the connection is to, with a grace of milliseconds.
    case shutDown
    /// Does nothing for milliseconds.
    case pause
    /// What came since the last step is sent so many times more.
    case repeats
    /// Sixteen times as many bytes.
    case fill
    /// What follows is a body: with its length, or in chunks of a size.
    case body, chunks

    var hasArgument: Bool {
      switch self {
      case .open, .select, .replaceKeys, .shutDown, .pause, .repeats, .fill, .chunks: true
      case .split, .awaitAnswer, .halfClose, .reset, .close, .stopReading, .goOnReading, .body: false
      }
    }
  }

  enum Step {
    case send([UInt8])
    case perform(Operation, argument: Int)
  }

  static let mark: UInt8 = 0xFF
  /// Bytes that the clients of an input send at most, so that repetitions cannot take long.
  private static let mostBytes = 24 * 1024

  private(set) var steps: [Step] = []
  /// Milliseconds of waiting for the server to end what is left, before the clients end their sides; nil leaves that to
  /// the server's time-outs.
  let patience: Int?
  /// Whether every connection ends with a request that asks for its end.
  let asksForEnd: Bool
  /// Who reads nothing lets the server come to the end of its patience first.
  let isStubborn: Bool

  private var text: [UInt8] = []
  private var body: (start: Int, chunk: Int?)?
  private var room = Script.mostBytes

  init(_ input: UnsafeBufferPointer<UInt8>) {
    let ending = input.first ?? 0
    patience = ending & 15 == 15 ? nil : [0, 0, 1, 5][Int(ending & 3)]
    asksForEnd = ending & 32 == 0
    isStubborn = ending & 16 != 0
    var rest = input.dropFirst()
    while let byte = rest.popFirst() {
      guard byte == Self.mark, let code = rest.popFirst(), code != Self.mark else {
        text.append(byte)
        continue
      }
      let operation = Operation.allCases[Int(code) % Operation.allCases.count]
      let argument = operation.hasArgument ? Int(rest.popFirst() ?? 0) : 0
      take(operation, argument)
    }
    endBody()
    endText()
  }

  private mutating func take(_ operation: Operation, _ argument: Int) {
    switch operation {
    case .fill:
      text += [UInt8](repeating: UInt8(ascii: "x"), count: 16 * argument)
    case .repeats:
      endBody()
      let piece = text
      for _ in 0..<argument % 64 where text.count + piece.count <= room { text += piece }
    case .body, .chunks:
      endBody()
      body = (text.count, operation == .chunks ? max(1, argument) : nil)
    case .split:
      endBody()
      endText()
    default:
      endBody()
      endText()
      steps.append(.perform(operation, argument: argument))
    }
  }

  private mutating func endText() {
    let count = min(text.count, room)
    room -= count
    if count > 0 { steps.append(.send(Array(text.prefix(count)))) }
    text = []
  }

  /// Frames the body that has come to its end.
  private mutating func endBody() {
    guard let body else { return }
    self.body = nil
    let bytes = text[body.start...]
    var framed: [UInt8]
    if let chunk = body.chunk {
      framed = Array("Transfer-Encoding: chunked\r\n\r\n".utf8)
      var rest = bytes
      while !rest.isEmpty {
        framed += Array("\(String(min(chunk, rest.count), radix: 16))\r\n".utf8) + rest.prefix(chunk) + [0x0D, 0x0A]
        rest = rest.dropFirst(chunk)
      }
      framed += Array("0\r\n\r\n".utf8)
    } else {
      framed = Array("Content-Length: \(bytes.count)\r\n\r\n".utf8) + bytes
    }
    text.replaceSubrange(body.start..., with: framed)
  }
}
