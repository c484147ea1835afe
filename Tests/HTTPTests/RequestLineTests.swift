import HTTPTypes
import Testing

@testable import HTTP

/// RFC 9112, section 3: the request line.
@Suite struct RequestLineTests {
  private func line(_ text: String) throws(ProtocolError) -> RequestHead.Line {
    try RequestHead.Line(parsing: Array(text.utf8)[...])
  }

  @Test(
    arguments: [
      ("GET / HTTP/1.1", "/", nil),
      ("GET /a/b%20c?x=1&y=%2F HTTP/1.1", "/a/b%20c", "x=1&y=%2F"),
      ("GET /? HTTP/1.1", "/", ""),
      ("GET /a?b?c HTTP/1.1", "/a", "b?c"),
      ("GET /list?include[]=usage HTTP/1.1", "/list", "include[]=usage"),
      // 3.2.2: a server must accept the absolute form.
      ("GET http://example.org/v1/models?x HTTP/1.1", "/v1/models", "x"),
      ("GET HTTP://EXAMPLE.ORG:8080 HTTP/1.1", "/", nil),
      ("GET https://[::1]:80?q HTTP/1.1", "/", "q"),
      // 3.2.4: the asterisk form.
      ("OPTIONS * HTTP/1.1", "*", nil),
    ] as [(String, String, String?)])
  func acceptsTarget(text: String, path: String, query: String?) throws {
    let line = try line(text)
    #expect(line.path == path)
    #expect(line.query == query)
  }

  @Test(arguments: [
    ("HTTP/1.1", true), ("HTTP/1.0", false),
    // RFC 9110, section 2.5: a higher minor version is treated as the highest one known.
    ("HTTP/1.2", true), ("HTTP/1.9", true),
  ])
  func acceptsVersion(text: String, isHTTP11: Bool) throws {
    #expect(try line("GET / \(text)").isHTTP11 == isHTTP11)
  }

  @Test func acceptsUnknownMethods() throws {
    #expect(try line("BREW /pot HTTP/1.1").method.rawValue == "BREW")
    #expect(try line("get / HTTP/1.1").method != .get)
  }

  @Test(arguments: [
    ("", 400), ("GET", 400), ("GET /", 400), ("GET  / HTTP/1.1", 400), ("GET /  HTTP/1.1", 400),
    ("GET / HTTP/1.1 ", 400), (" GET / HTTP/1.1", 400), ("GET /a b HTTP/1.1", 400), ("GET\t/\tHTTP/1.1", 400),
    ("G@T / HTTP/1.1", 400), ("GET: / HTTP/1.1", 400), ("GÉT / HTTP/1.1", 400),
    // 2.3: the version is in capitals, with one digit each.
    ("GET / http/1.1", 400), ("GET / HTTP/1", 400), ("GET / HTTP/11", 400), ("GET / HTTP/1.11", 400),
    ("GET / HTTP/1,1", 400), ("GET / HTTPS/1.1", 400), ("GET / HTTP/x.y", 400), ("GET / HTTP/-1.1", 400),
    ("GET / HTTP/2.0", 505), ("GET / HTTP/0.9", 505), ("PRI * HTTP/2.0", 505),
    // 3.2: the four forms, and RFC 3986 on what a URI may contain.
    ("GET * HTTP/1.1", 400), ("GET example.org HTTP/1.1", 400), ("GET ?x HTTP/1.1", 400),
    ("GET ftp://example.org/ HTTP/1.1", 400), ("GET http:///x HTTP/1.1", 400), ("GET http:/x HTTP/1.1", 400),
    ("GET http://user@host\\/ HTTP/1.1", 400), ("GET http://a b/ HTTP/1.1", 400),
    ("GET /# HTTP/1.1", 400), ("GET /a#b HTTP/1.1", 400), ("GET /?a#b HTTP/1.1", 400),
    ("GET /% HTTP/1.1", 400), ("GET /%4 HTTP/1.1", 400), ("GET /%4g HTTP/1.1", 400), ("GET /?%zz HTTP/1.1", 400),
    ("GET /ü HTTP/1.1", 400), ("GET /\u{1} HTTP/1.1", 400), ("GET /\u{7F} HTTP/1.1", 400),
    ("GET /<script> HTTP/1.1", 400), ("GET /a\"b HTTP/1.1", 400), ("GET /{x} HTTP/1.1", 400),
    ("CONNECT example.org:443 HTTP/1.1", 501),
  ])
  func refuses(text: String, status: Int) throws {
    let error = try #require(throws: ProtocolError.self) { try line(text) }
    #expect(error.status.code == status, "\(error)")
  }
}
