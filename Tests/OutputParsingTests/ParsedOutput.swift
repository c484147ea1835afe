import OutputParsing
import Testing

/// A response in whole.
struct ParsedOutput: Equatable {
  struct Call: Equatable {
    var name: String
    var arguments: String
  }

  var reasoning = ""
  var content = ""
  var calls: [Call] = []
  /// Calls that have no end.
  var brokenCalls: [Int] = []
  var stop: String?

  /// Collects events, and checks that they come in a sensible order.
  init(_ events: [OutputEvent]) {
    var open: Int?
    func breakOff() {
      if let open { brokenCalls.append(open) }
      open = nil
    }
    for event in events {
      #expect(stop == nil, "nothing follows a stop string")
      switch event {
      case .reasoning(let text):
        #expect(!text.isEmpty)
        breakOff()
        reasoning += text
      case .content(let text):
        #expect(!text.isEmpty)
        breakOff()
        content += text
      case .toolCallStarted(let index, let name):
        #expect(index == calls.count)
        breakOff()
        open = index
        calls.append(Call(name: name, arguments: ""))
      case .toolCallArguments(let index, let fragment):
        #expect(open == index)
        calls[index].arguments += fragment
      case .toolCallEnded(let index):
        #expect(open == index)
        open = nil
      case .stopped(let text): stop = text
      }
    }
    breakOff()
  }

  init(
    reasoning: String = "", content: String = "", calls: [Call] = [], brokenCalls: [Int] = [], stop: String? = nil
  ) {
    self.reasoning = reasoning
    self.content = content
    self.calls = calls
    self.brokenCalls = brokenCalls
    self.stop = stop
  }
}

/// Parses pieces one after the other.
func parse(pieces: [String], _ format: OutputFormat) -> ParsedOutput {
  var parser = OutputParser(format: format)
  var events: [OutputEvent] = []
  for piece in pieces { events += parser.consume(piece) }
  return ParsedOutput(events + parser.finish())
}

/// Parses a text in whole, scalar by scalar, and cut in two at every place, and expects the same each time.
func parse(_ text: String, _ format: OutputFormat, sourceLocation: SourceLocation = #_sourceLocation) -> ParsedOutput {
  let whole = parse(pieces: [text], format)
  let scalars = Array(text.unicodeScalars)
  let single = parse(pieces: scalars.map { String($0) }, format)
  #expect(single == whole, "scalar by scalar", sourceLocation: sourceLocation)
  for cut in scalars.indices {
    let halves = [scalars[..<cut], scalars[cut...]].map { part in
      var half = String.UnicodeScalarView()
      half.append(contentsOf: part)
      return String(half)
    }
    #expect(parse(pieces: halves, format) == whole, "cut at scalar \(cut)", sourceLocation: sourceLocation)
  }
  return whole
}
