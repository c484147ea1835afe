import FuzzSupport
import JSON
import OutputParsing

/// A response in whole.
struct Parsed: Equatable {
  var reasoning: [UInt8] = []
  var content: [UInt8] = []
  /// Reasoning and content in the order they were told.
  var told: [UInt8] = []
  var calls: [[String]] = []
  var stop: String?

  mutating func add(_ events: [OutputEvent]) {
    for event in events {
      switch event {
      case .reasoning(let text):
        reasoning += text.utf8
        told += text.utf8
      case .content(let text):
        content += text.utf8
        told += text.utf8
      case .toolCallStarted(_, let name): calls.append([name, ""])
      case .toolCallArguments(let index, let fragment): calls[index][1] += fragment
      case .toolCallEnded(let index):
        do throws(JSONParseError) {
          guard try JSON(parsing: calls[index][1]).objectValue != nil else { fatalError("no object: \(calls[index])") }
        } catch {
          // Numbers that no double holds are the client's to judge.
          guard error.reason == .numberOutOfRange else { fatalError("\(error): \(calls[index])") }
        }
      case .stopped(let text): stop = text
      }
    }
  }
}

func parse(_ pieces: [String], _ format: OutputFormat) -> Parsed {
  var parser = OutputParser(format: format)
  var result = Parsed()
  for piece in pieces { result.add(parser.consume(piece)) }
  result.add(parser.finish())
  return result
}

/// Whether `told` is `text` without some of the `dropped` substrings and some white space.
func accounts(_ told: [UInt8], for text: [UInt8], dropping dropped: [[UInt8]]) -> Bool {
  // Every place in `told` that the text up to an index may have led to.
  var reached = Array(repeating: Set<Int>(), count: text.count + 1)
  reached[0] = [0]
  for index in text.indices {
    for place in reached[index] {
      if place < told.count, told[place] == text[index] { reached[index + 1].insert(place + 1) }
      if text[index] <= 0x20 { reached[index + 1].insert(place) }
      for tag in dropped where text[index...].starts(with: tag) { reached[index + tag.count].insert(place) }
    }
    reached[index] = []
  }
  return reached[text.count].contains(told.count)
}

/// However a response is cut, it says the same; and it says everything.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  guard count >= 2 else { return 0 }
  let (flags, step) = (input[0], Int(input[1] % 7) + 1)
  let text = String(decoding: input[2...], as: UTF8.self)
  let schema: JSON = ["properties": ["n": ["type": "number"], "o": ["type": ["object", "null"]]]]
  let format = OutputFormat(
    reasoning: flags & 1 != 0 ? ReasoningTags() : nil, startsInReasoning: flags & 2 != 0,
    tools: flags & 4 != 0 ? .json : .xml, parsesToolCalls: flags & 8 != 0,
    stop: flags & 16 != 0 ? ["END", "ND.", "\n\n\n"] : [], toolSchemas: ["f": schema])

  let whole = parse([text], format)
  var pieces: [String] = []
  for (index, scalar) in text.unicodeScalars.enumerated() {
    if index % step == 0 { pieces.append("") }
    pieces[pieces.count - 1].unicodeScalars.append(scalar)
  }
  guard parse(pieces, format) == whole else { fatalError("cuts of \(step) matter") }

  // The account is quadratic in white space.
  if whole.calls.isEmpty, whole.stop == nil, count <= 300 {
    let dropped = format.reasoning.map { [Array($0.open.utf8), Array($0.close.utf8)] } ?? []
    guard accounts(whole.told, for: Array(text.utf8), dropping: dropped) else { fatalError("text is lost") }
  }
  if format.reasoning == nil, !format.startsInReasoning, !format.parsesToolCalls, format.stop.isEmpty {
    guard whole.content.elementsEqual(text.utf8) else { fatalError("content is changed") }
  }
  return 0
}

runFuzzer()
