import HTTPTypes
import TestSupport
import Testing

@testable import HTTP

/// A server over loopback: requests and responses.
@Suite struct ServerTests {
  @Test func keepsAConnectionAlive() async throws {
    try await TestServer.run { server in
      let client = try server.connect()
      for _ in 0..<3 {
        try await client.send(get("/hello"))
        let response = try await client.receiveResponse()
        #expect(response.status == 200)
        #expect(response.text == "hello")
        #expect(response["server"] == "apus")
        #expect(response["date"]?.hasSuffix(" GMT") == true)
        #expect(response["connection"] == nil)
      }
    }
  }
}
