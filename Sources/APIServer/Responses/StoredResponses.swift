import HTTP
import HTTPTypes
import JSON

/// What can be done with responses that are stored: `/v1/responses/{id}` and below.
struct StoredResponses: Sendable {
  let store: ResponseStore

  /// `GET /v1/responses/{id}`.
  func retrieve(_ request: Request) throws(APIError) -> Answer {
    let query = QueryReader(request.query)
    if query["stream"] == "true" { throw .unsupported("stream", "streaming a stored response") }
    return Answer(try entry(request).response)
  }

  /// `DELETE /v1/responses/{id}`.
  func delete(_ request: Request) throws(APIError) -> Answer {
    let id = Self.id(request)
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
    guard let entry = store[id] else { throw Self.unknown(id) }
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
    return [
      endpoint(.get, path, "A stored response.", response: Self.response, retrieve),
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
