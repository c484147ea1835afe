import HTTPTypes
import TestSupport
import Testing

@testable import HTTP

/// Paths, methods and CORS.
@Suite struct RouterTests {
  @Test(arguments: [
    ("/a", "/a", [:]), ("/a/{x}", "/a/b", ["x": "b"]), ("/a/{x}", "/a/b%2Fc%20d", ["x": "b/c d"]),
    ("/{x}/{y}", "/1/2", ["x": "1", "y": "2"]), ("/m/{id...}", "/m/org/name", ["id": "org/name"]),
    ("/m/{id...}", "/m/one", ["id": "one"]), ("/m/{id...}", "/m/org%2Fname%3Athinking", ["id": "org/name:thinking"]),
    ("/m/{id...}", "/m/a/", ["id": "a/"]), ("/a b", "/a%20b", [:]), ("/", "/", [:]),
    ("/{x}", "/%E2%82%AC", ["x": "\u{20AC}"]),
  ])
  func matches(pattern: String, path: String, parameters: [String: String]) {
    #expect(RoutePattern(pattern).match(RoutePath(path)) == parameters)
  }

  @Test(arguments: [
    ("/a", "/b"), ("/a", "/a/"), ("/a", "/A"), ("/a", "/a/b"), ("/a/b", "/a%2Fb"), ("/a/{x}", "/a"), ("/a/{x}", "/a/"),
    ("/a/{x}", "/a/b/c"), ("/m/{id...}", "/m"), ("/m/{id...}", "/m/"), ("/{x}", "/%FF"), ("/", "/a"),
    ("/a", "/%61%CC%81"),
  ])
  func doesNotMatch(pattern: String, path: String) {
    #expect(RoutePattern(pattern).match(RoutePath(path)) == nil)
  }

  private static func answer(_ text: String) -> Router.Handler {
    { request, writer in
      let parameters = request.pathParameters.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
      let parts = [text] + parameters + (request.query.map { ["?" + $0] } ?? [])
      try await writer.send(status: .ok, body: Array(parts.joined(separator: " ").utf8))
    }
  }

  private func withRoutes(
    _ configure: (inout HTTPServerConfiguration) -> Void = { _ in }, _ body: (SocketClient) async throws -> Void
  ) async throws {
    try await TestServer.run(
      configure,
      routes: { router in
        router.on(.get, "/models/{id...}", handler: Self.answer("model"))
        router.on(.delete, "/models/{id...}", handler: Self.answer("deleted"))
        router.on(.post, "/models/load", handler: Self.answer("load"))
        router.on(.get, "/models/{id}/files", handler: Self.answer("files"))
      }
    ) { server in try await body(try server.connect()) }
  }

  private func exchange(
    _ client: SocketClient, _ line: String, _ fields: String...
  ) async throws -> ClientResponse {
    try await client.send("\(line) HTTP/1.1\r\nHost: h\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
    return try await client.receiveResponse()
  }

  @Test func choosesTheMostParticularRoute() async throws {
    try await withRoutes { client async throws in
      #expect(try await exchange(client, "GET /models/a/b?c=d").text == "model id=a/b ?c=d")
      #expect(try await exchange(client, "DELETE /models/a").text == "deleted id=a")
      #expect(try await exchange(client, "POST /models/load").text == "load")
      // That path does not take GET, but a less particular pattern does.
      #expect(try await exchange(client, "GET /models/load").text == "model id=load")
      #expect(try await exchange(client, "GET /models/a/files").text == "files id=a")
    }
  }

  @Test func tellsWhatIsNotThere() async throws {
    try await withRoutes { client async throws in
      #expect(try await exchange(client, "GET /nothing").status == 404)
      let refusal = try await exchange(client, "PUT /models/load")
      #expect(refusal.status == 405)
      #expect(refusal["allow"] == "POST, GET, HEAD, DELETE, OPTIONS")
      #expect(refusal.text.hasPrefix("error 405: "))
    }
  }

  @Test func answersOptions() async throws {
    try await withRoutes { client async throws in
      let options = try await exchange(client, "OPTIONS /models/a")
      #expect(options.status == 204)
      #expect(options["allow"] == "GET, HEAD, DELETE, OPTIONS")
      #expect(try await exchange(client, "OPTIONS *").status == 204)
      #expect(try await exchange(client, "OPTIONS /nothing").status == 404)
    }
  }

  @Test func answersPreflights() async throws {
    try await withRoutes { client async throws in
      let preflight = try await exchange(
        client, "OPTIONS /models/load", "Origin: https://page.example", "Access-Control-Request-Method: POST",
        "Access-Control-Request-Headers: authorization, content-type, x-stainless-lang")
      #expect(preflight.status == 204)
      #expect(preflight["access-control-allow-origin"] == "*")
      #expect(preflight["access-control-allow-methods"] == "POST, GET, HEAD, DELETE, OPTIONS")
      #expect(preflight["access-control-allow-headers"] == "authorization, content-type, x-stainless-lang")
      #expect(preflight["access-control-max-age"] == "600")
    }
  }

  @Test func letsInListedOriginsOnly() async throws {
    let origin = "https://page.example"
    let policy = CORSPolicy(origins: .listed([origin]), exposedFields: [])
    try await withRoutes({ $0.cors = policy }) { client async throws in
      let allowed = try await exchange(client, "GET /models/a", "Origin: \(origin)")
      #expect(allowed["access-control-allow-origin"] == origin)
      #expect(allowed["vary"] == "Origin")
      let refused = try await exchange(client, "GET /models/a", "Origin: https://other.example")
      #expect(refused.status == 200)
      #expect(refused["access-control-allow-origin"] == nil)
      #expect(refused["vary"] == "Origin")
    }
  }

  @Test func letsInNone() async throws {
    try await withRoutes({ $0.cors = CORSPolicy(origins: .none) }) { client async throws in
      let preflight = try await exchange(
        client, "OPTIONS /models/load", "Origin: https://page.example", "Access-Control-Request-Method: POST")
      #expect(preflight.status == 204)
      #expect(!preflight.fields.contains { $0.name.hasPrefix("access-control") })
    }
  }
}
