import HTTPTypes

actor Connection {
  func nextBodyPart(exchange: Int) async throws(HTTPError) -> [UInt8]? { nil }
  func respond(_ head: HTTPResponse, body: [UInt8], exchange: Int) async throws(HTTPError) {}
  func startStream(_ head: HTTPResponse, exchange: Int) async throws(HTTPError) {}
  func stream(_ bytes: [UInt8], exchange: Int) async throws(HTTPError) {}
  func endStream(exchange: Int) async throws(HTTPError) {}
}
