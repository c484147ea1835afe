import HTTP
import HTTPTypes
import JSON

/// What can be done with responses that are stored: `/v1/responses/{id}` and below.
struct StoredResponses: Sendable {
  let store: ResponseStore

  /// `GET /v1/responses/{id}`.
  func retrieve(_ request: Request) throws(APIError) -> Answer { Answer(try entry(request).response) }

  /// The events of a response for `GET /v1/responses/{id}?stream=true`; nil where the response itself is asked for.
  func events(_ request: Request) throws(APIError) -> AsyncStream<[ReplyFrame]>? {
    let query = QueryReader(request.query)
    let last = try query.integer("starting_after", in: 0...Int(Int32.max))
    guard try query.choice("stream", among: ["true", "false"]) == "true" else {
      if last != nil { throw .wrongValue("starting_after", "'starting_after' is only allowed where 'stream' is true.") }
      return nil
    }
    _ = try entry(request)
    guard let events = store.events(of: Self.id(request), from: last.map { $0 + 1 } ?? 0) else {
      throw .wrongValue("stream", "Only a response made with 'background' and 'stream' can be followed later.")
    }
    return events
  }

  /// `DELETE /v1/responses/{id}`.
  func delete(_ request: Request) throws(APIError) -> Answer {
    let id = Self.id(request)
    _ = try entry(request)
    guard store.remove(id) else { throw Self.unknown(id) }
    return Answer(["id": .string(id), "object": "response", "deleted": true])
  }

  /// `POST /v1/responses/{id}/cancel`.
  func cancel(_ request: Request) throws(APIError) -> Answer {
    let entry = try entry(request)
    guard entry.response["background"] == true else {
      throw APIError(
        .badRequest, code: "invalid_value", parameter: "response_id",
        "Only a response with 'background' can be cancelled; another one ends when its connection is closed.")
    }
    // One that is over stays as it is.
    return Answer((store.cancel(Self.id(request)) ?? entry).response)
  }

  /// `GET /v1/responses/{id}/input_items`.
  func inputItems(_ request: Request) throws(APIError) -> Answer {
    let query = QueryReader(request.query)
    let limit = try query.integer("limit", in: 1...100) ?? 20
    let isAscending = try query.choice("order", among: ["asc", "desc"]) == "asc"
    let items = try entry(request).input
    var page = (isAscending ? items : items.reversed())[...]
    if let after = query["after"] {
      guard let index = page.firstIndex(where: { $0["id"]?.stringValue == after }) else {
        throw .wrongValue("after", "The response has no input item '\(after.excerpt)'.")
      }
      page = page[(index + 1)...]
    }
    let shown = page.prefix(limit)
    return Answer([
      "object": "list", "data": .array(Array(shown)), "first_id": shown.first?["id"] ?? .null,
      "last_id": shown.last?["id"] ?? .null, "has_more": .bool(page.count > shown.count),
    ])
  }

  /// The members of a response object that are always there.
  static let response: [Field] = [
    .required("id", .string), .required("object", .choice(["response"])), .required("created_at", .number(0...1e12)),
    .required("model", .string), .required("status", .string), .required("output", .array(.anyObject)),
  ]

  private static func id(_ request: Request) -> String { request.pathParameters["id"] ?? "" }

  private func entry(_ request: Request) throws(APIError) -> ResponseStore.Entry {
    let id = Self.id(request)
    guard let entry = store[id, request.principal] else { throw Self.unknown(id) }
    return entry
  }

  private static func unknown(_ id: String) -> APIError {
    APIError(
      .notFound, code: "response_not_found", parameter: "response_id", "There is no stored response '\(id.excerpt)'.")
  }
}

// MARK: - Paths

extension StoredResponses {
  func endpoints(_ exchange: ReplyExchange) -> [Endpoint] {
    let path = "/v1/responses/{id}"
    func endpoint(
      _ method: HTTPRequest.Method, _ path: String, _ summary: String, _ parameters: [Endpoint.Parameter] = [],
      response: [Field], _ work: @escaping @Sendable (Request) throws(APIError) -> Answer
    ) -> Endpoint {
      Endpoint(
        method: method, path: path, summary: summary, parameters: parameters, response: response, errors: [400, 404]
      ) { request, writer in try await exchange.answer(request, writer, with: work) }
    }
    let following = Endpoint(
      method: .get, path: path,
      summary: "A stored response; of one made with `background` and `stream` also the events.",
      parameters: [
        .init(name: "stream", type: .choice(["true", "false"]), note: "Whether to send the events, as they come."),
        .init(
          name: "starting_after", type: .integer(0...Int(Int32.max)),
          note: "With `stream`: the `sequence_number` of the event before the first."),
      ], response: Self.response, isStreamable: true, errors: [400, 404]
    ) { request, writer in
      let followed: AsyncStream<[ReplyFrame]>?
      do throws(APIError) {
        followed = try events(request)
      } catch {
        return try await exchange.answer(request, writer) { _ throws(APIError) in throw error }
      }
      guard let followed else { return try await exchange.answer(request, writer, with: retrieve) }
      try await exchange.relay(followed, writer, [.requestID: RequestIdentity.of(request.headerFields)])
    }
    return [
      following,
      endpoint(
        .delete, path, "Forgets a stored response.",
        response: [.required("id", .string), .required("deleted", .boolean)], delete),
      endpoint(.post, path + "/cancel", "Ends a response made in the background.", response: Self.response, cancel),
      endpoint(
        .get, path + "/input_items", "The items a response answers.",
        [
          .init(name: "limit", type: .integer(1...100), note: "Items at most (default: 20)."),
          .init(name: "order", type: .choice(["asc", "desc"]), note: "The oldest or the newest first (default)."),
          .init(name: "after", type: .string, note: "The id of the item before the first."),
        ], response: [.required("object", .choice(["list"])), .required("data", .array(.anyObject))], inputItems),
    ]
  }
}
