import FuzzSupport
import HTTPTypes

@testable import HTTP

/// Drives the state machine of a connection with arbitrary bytes, twice: at once with a handler that answers at once,
/// and in pieces. Both must do the same. Then a third time, with everything else that can happen mixed in. What must
/// hold whatever happens is asserted along the way.
///
/// The input is a list of events (their number, then one byte each), then the bytes a client sends.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  guard let eventCount = input.first.map({ Int($0 % 32) }), count > eventCount else { return 0 }
  let events = Array(input[1..<(eventCount + 1)])
  let bytes = Array(input[(eventCount + 1)...])

  var whole = Peer()
  whole.send(bytes[...])
  var split = Peer()
  var rest = bytes[...]
  var turn = 0
  while !rest.isEmpty {
    let size = events.isEmpty ? 1 : Int(events[turn % events.count] % 40) + 1
    turn += 1
    split.send(rest.prefix(size))
    rest = rest.dropFirst(size)
  }
  check(whole.transcript == split.transcript, "\(whole.transcript) at once, \(split.transcript) in pieces")

  var troubled = Peer()
  troubled.answersAtOnce = false
  rest = bytes[...]
  for event in events {
    let size = Int(event >> 3)
    if troubled.isReading { troubled.send(rest.prefix(size)) }
    rest = rest.dropFirst(size)
    troubled.happen(event & 7)
  }
  troubled.end()
  return 0
}

runFuzzer()
