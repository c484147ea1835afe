import JSON
import OutputParsing
import Sampling
import Serving

/// One event of a streamed response.
struct ReplyFrame: Sendable {
  /// The event's type, in wire formats that name it.
  let event: StaticString?
  let data: [UInt8]

  init(event: StaticString? = nil, data: [UInt8]) {
    self.event = event
    self.data = data
  }

  init(event: StaticString? = nil, _ value: JSON) { self.init(event: event, data: value.bytes) }
}

/// Writes the replies to one request in a wire format, streamed or whole: the one thing in which APIs differ once a
/// request is under way. It is told of everything in order, whichever way the replies are sent.
///
/// Choices are numbered through all prompts of a request.
protocol ReplyEncoder: Sendable {
  /// What a stream begins with, before there is any output.
  mutating func begin() -> [ReplyFrame]
  /// The prompt of the choices from `choice` on was scored, as was asked for.
  mutating func take(promptScores: [TokenScore?], choice: Int) -> [ReplyFrame]
  /// The frames that tell of an output event.
  mutating func take(_ event: OutputEvent, _ scores: [TokenScore], choice: Int) -> [ReplyFrame]
  /// The frames that end one choice.
  mutating func take(_ end: ChoiceEnd, choice: Int) -> [ReplyFrame]
  /// The frames that end the response.
  mutating func finish(_ usage: TokenUsage) -> [ReplyFrame]
  /// The frames that tell of a failure when the head of the stream is out already.
  mutating func fail(_ error: APIError) -> [ReplyFrame]
  /// The body of a response that is not streamed. To be asked for after `finish`.
  func whole() -> JSON
}

extension ReplyEncoder {
  mutating func begin() -> [ReplyFrame] { [] }

  /// Most APIs cannot ask for them.
  mutating func take(promptScores _: [TokenScore?], choice _: Int) -> [ReplyFrame] { [] }
}

extension JSON {
  /// The value as it goes over the wire.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }
}
