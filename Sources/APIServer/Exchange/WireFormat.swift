import JSON
import Serving

/// How a reply reaches its client.
enum Delivery: Sendable {
  /// As one body.
  case whole
  /// As events.
  case streamed
  /// Made without the client waiting for it, who is told at once how to ask for it, or follows its events and may come
  /// back to them.
  case background(isStreamed: Bool)
}

/// A request that has been taken in, and how its reply is to be written.
struct AcceptedRequest<Encoder: ReplyEncoder>: Sendable {
  /// One for each prompt.
  let generations: [Generation]
  let encoder: Encoder
  let delivery: Delivery
  /// Places of the fields nobody knows.
  let ignoredFields: [String]
}

/// One API in front of the service: how its requests are read, its replies written, and its errors told.
protocol WireFormat: Sendable {
  associatedtype Encoder: ReplyEncoder

  /// What its requests are called in the log.
  var name: String { get }

  /// Reads a body, and hands the request to the service.
  /// - Parameter terms: what the request's head says of whose it is, and of how it is to be served.
  /// - Throws: `APIError`.
  func accept(
    _ body: JSON, _ terms: RequestTerms, _ record: inout AccessRecord
  ) async throws -> AcceptedRequest<Encoder>

  /// An error as the body of a response.
  func envelope(_ error: APIError) -> JSON

  /// Hears of a reply that is whole; one in the background may have failed.
  func completed(_ encoder: Encoder)

  /// Keeps a reply that is made in the background, by the task it lets make.
  /// - Parameter events: what its stream begins with; nil where nobody may follow it.
  func start(_ encoder: Encoder, events: [ReplyFrame]?, _ makeTask: () -> Task<Void, Never>)

  /// Hears of the events of a reply that is made in the background, when there are more.
  /// - Parameter isLast: whether there will be no others.
  func tell(_ events: [ReplyFrame], of encoder: Encoder, isLast: Bool)

  /// The events of a reply that is made in the background, from its beginning to its end.
  func events(of encoder: Encoder) -> AsyncStream<[ReplyFrame]>
}

extension WireFormat {
  /// OpenAI's envelope.
  func envelope(_ error: APIError) -> JSON { error.envelope }

  func completed(_: Encoder) {}

  func start(_: Encoder, events _: [ReplyFrame]?, _ makeTask: () -> Task<Void, Never>) { _ = makeTask() }

  func tell(_: [ReplyFrame], of _: Encoder, isLast _: Bool) {}

  func events(of _: Encoder) -> AsyncStream<[ReplyFrame]> { AsyncStream { $0.finish() } }
}
