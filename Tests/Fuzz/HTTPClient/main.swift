import FuzzSupport

@testable import HTTP

/// A response and its events are the same however the bytes are cut, or are refused either way.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  let size = 1 + (input.first.map { Int($0) } ?? 0) % 7
  let whole = outcome(input, pieces: max(1, input.count))
  let pieces = outcome(input, pieces: size)
  guard whole == pieces else {
    fatalError("in one: \(String(describing: whole))\nin pieces of \(size): \(String(describing: pieces))")
  }
  return 0
}

/// The status, the body and its events; nil for what is refused.
private struct Outcome: Equatable {
  var statuses: [Int] = []
  var body: [UInt8] = []
  var events: [[UInt8]]?
  var hasEnded = false
}

private func outcome(_ input: [UInt8], pieces size: Int) -> Outcome? {
  var limits = HTTPLimits()
  limits.bodyBytes = 4096
  var reader = ResponseReader(limits: limits)
  var outcome = Outcome()
  do {
    var events: [ResponseReader.Event] = []
    for start in stride(from: 0, to: input.count, by: size) {
      events += try reader.receive(input[start..<min(start + size, input.count)])
    }
    events += try reader.receiveEnd()
    for event in events {
      switch event {
      case .head(let status, _): outcome.statuses.append(status)
      case .body(let bytes): outcome.body += bytes
      case .end: outcome.hasEnded = true
      }
    }
  } catch {
    return nil
  }
  var stream = EventStreamReader(limit: 1024)
  var events: [[UInt8]] = []
  do {
    for start in stride(from: 0, to: outcome.body.count, by: size) {
      events += try stream.read(outcome.body[start..<min(start + size, outcome.body.count)])
    }
    outcome.events = events
  } catch {
    outcome.events = nil
  }
  return outcome
}

runFuzzer()
