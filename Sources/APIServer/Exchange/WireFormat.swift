import JSON
import Serving

/// How a reply reaches its client.
enum Delivery: Sendable {
  /// As one body.
  case whole
  /// As events.
  case streamed
  /// Not at all: the client is told at once how to ask for it.
  case background
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
  func start(_ encoder: Encoder, _ makeTask: () -> Task<Void, Never>)
}

extension WireFormat {
  /// OpenAI's envelope.
  func envelope(_ error: APIError) -> JSON { error.envelope }

  func completed(_: Encoder) {}

  func start(_: Encoder, _ makeTask: () -> Task<Void, Never>) { _ = makeTask() }
}
