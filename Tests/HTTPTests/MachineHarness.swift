import HTTPTypes

@testable import HTTP

/// Runs a ``ConnectionMachine`` against a handler that collects the body and then answers, and writes down what
/// happens in a form that does not depend on how the input was cut.
struct MachineHarness {
  enum Step: Hashable {
    case start(RequestHead)
    case body([UInt8])
    case endBody
    case failBody(HTTPError)
    case cancel
    case send(String)
    case end(isComplete: Bool)
    case close(lingering: Bool)
  }

  var machine: ConnectionMachine
  private(set) var steps: [Step] = []
  private(set) var timer: ConnectionMachine.Timer?
  private(set) var isReading = true
  /// Whether the handler takes and answers by itself, or the test does.
  var answers = true

  /// The body of every error.
  private let errorBody: [UInt8]

  init(limits: HTTPLimits = HTTPLimits(), answers: Bool = true, errorBody: [UInt8] = []) {
    machine = ConnectionMachine(limits: limits)
    self.answers = answers
    self.errorBody = errorBody
    apply { $0.start() }
  }

  /// Feeds the whole input to a new connection.
  static func run(_ input: String, limits: HTTPLimits = HTTPLimits()) -> MachineHarness {
    var harness = MachineHarness(limits: limits)
    harness.feed(input)
    return harness
  }

  mutating func feed(_ text: String) { feed(Array(text.utf8)) }

  mutating func feed(_ bytes: some Collection<UInt8>) { apply { $0.receive(bytes) } }

  /// Passes an event in and follows the actions that come out.
  mutating func apply(_ event: (inout ConnectionMachine) -> [ConnectionMachine.Action]) {
    for action in event(&machine) {
      switch action {
      case .startRequest(let head): steps.append(.start(head))
      case .deliverBody(let bytes):
        if case .body(let earlier) = steps.last {
          steps[steps.count - 1] = .body(earlier + bytes)
        } else {
          steps.append(.body(bytes))
        }
        if answers { apply { $0.consumeBody(bytes.count) } }
      case .endBody:
        steps.append(.endBody)
        if answers { apply { $0.respond(HTTPResponse(status: .ok), body: Array("ok".utf8)) } }
      case .failBody(let error):
        steps.append(.failBody(error))
        if answers { apply { $0.endHandler(error) } }
      case .answer(let error, _):
        let body = errorBody
        apply { $0.respond(HTTPResponse(status: error.status), body: body) }
      case .cancelRequest: steps.append(.cancel)
      case .send(let bytes): steps.append(.send(String(decoding: bytes, as: UTF8.self)))
      case .setTimer(let timer): self.timer = timer
      case .setReading(let reading): isReading = reading
      case .endExchange(let isComplete): steps.append(.end(isComplete: isComplete))
      case .close(let lingering): steps.append(.close(lingering: lingering))
      }
    }
  }

  /// The heads of the requests that were let through.
  var requests: [RequestHead] {
    steps.compactMap { if case .start(let head) = $0 { head } else { nil } }
  }

  /// The content of the bodies, in order, also of those that came to no good end.
  var bodies: [String] {
    steps.compactMap { if case .body(let bytes) = $0 { String(decoding: bytes, as: UTF8.self) } else { nil } }
  }

  /// The status codes sent, in order.
  var statuses: [Int] {
    sent.compactMap { $0.hasPrefix("HTTP/1.1 ") ? Int($0.dropFirst(9).prefix(3)) : nil }
  }

  var sent: [String] {
    steps.compactMap { if case .send(let text) = $0 { text } else { nil } }
  }

  var isClosed: Bool {
    if case .close = steps.last { true } else { false }
  }
}
