import CZlib
import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import HTTP

/// RFC 9110, sections 8.4 and 12.5.3: compressed requests and responses.
@Suite struct ContentCodingTests {
  private let text = Array(String(repeating: "Apus apus sleeps on the wing. ", count: 100).utf8)

  /// Compresses with zlib: window bits 31 for gzip's format, 15 for zlib's.
  private func compress(_ bytes: [UInt8], windowBits: CInt) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(
      &stream, 9, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var (input, output) = (bytes, [UInt8](repeating: 0, count: bytes.count + 1024))
    input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        (stream.next_in, stream.avail_in) = (input.baseAddress, UInt32(input.count))
        (stream.next_out, stream.avail_out) = (output.baseAddress, UInt32(output.count))
        _ = deflate(&stream, Z_FINISH)
      }
    }
    return Array(output.dropLast(Int(stream.avail_out)))
  }

  private func decode(
    _ bytes: [UInt8], _ coding: String, pieces: Int = .max, limit: Int = 1 << 20
  ) throws(HTTPError) -> [UInt8] {
    guard let decoder = try ContentDecoder(coding) else { return bytes }
    var (output, rest): ([UInt8], ArraySlice<UInt8>) = ([], bytes[...])
    while !rest.isEmpty {
      try decoder.decode(Array(rest.prefix(pieces)), upTo: limit, into: &output)
      rest = rest.dropFirst(pieces)
    }
    try decoder.finish()
    return output
  }

  private func status(_ bytes: [UInt8], _ coding: String, limit: Int = 1 << 30) -> Int {
    do {
      _ = try decode(bytes, coding, limit: limit)
      return 200
    } catch {
      return error.status.code
    }
  }

  @Test(arguments: [1, 7, Int.max]) func bothFormatsInPieces(size: Int) throws {
    #expect(try decode(compress(text, windowBits: 31), "gzip", pieces: size) == text)
    #expect(try decode(compress(text, windowBits: 31), "X-GZip", pieces: size) == text)
    #expect(try decode(compress(text, windowBits: 15), "deflate", pieces: size) == text)
    let members = compress(text, windowBits: 31) + compress(Array("more".utf8), windowBits: 31)
    #expect(try decode(members, "gzip", pieces: size) == text + Array("more".utf8))
    #expect(try decode(compress([], windowBits: 31), "gzip", pieces: size) == [])
    #expect(try decode(text, "identity") == text)
  }

  @Test func whatIsNotWholeOrNotCompressedIsRefused() {
    let whole = compress(text, windowBits: 31)
    for count in [0, 1, 9, 10, whole.count / 2, whole.count - 1] {
      #expect(status(Array(whole.prefix(count)), "gzip") == 400, "\(count)")
    }
    #expect(status(whole, "deflate") == 400)
    #expect(status(compress(text, windowBits: 15), "gzip") == 400)
    #expect(status(compress(text, windowBits: 15) + [1], "deflate") == 400)
    #expect(status(whole + [1], "gzip") == 400)
    #expect(status(text, "gzip") == 400)
    var damaged = whole
    damaged[whole.count - 6] ^= 1
    #expect(status(damaged, "gzip") == 400)
  }

  @Test func otherCodingsAreNamed() throws {
    for coding in ["br", "zstd", "gzip, gzip", "deflate,gzip", "compress"] {
      #expect(status(text, coding) == 415, "\(coding)")
    }
    let error = #expect(throws: HTTPError.self) { try decode(text, "br") }
    #expect(error?.headerFields[.acceptEncoding] == "gzip, deflate")
  }

  @Test func bombsAreRefusedBeforeTheyGoOff() throws {
    let zeros = compress([UInt8](repeating: 0, count: 8 << 20), windowBits: 31)
    #expect(zeros.count < 10_000)
    #expect(status(zeros, "gzip") == 413)
    #expect(status(compress(text, windowBits: 31), "gzip", limit: text.count - 1) == 413)
    #expect(status(compress(text, windowBits: 31), "gzip", limit: text.count) == 200)
    // A small body may be compressed as well as it can.
    #expect(status(compress([UInt8](repeating: 0, count: 60_000), windowBits: 31), "gzip") == 200)
    let decoder = try #require(try ContentDecoder("gzip"))
    var output: [UInt8] = []
    #expect(throws: HTTPError.self) { try decoder.decode(zeros, upTo: 1 << 30, into: &output) }
    #expect(output.count <= 2 << 20)
  }

  @Test func theServerTakesCompressedBodies() async throws {
    try await TestServer.run { server in
      let client = try server.connect()
      defer { client.close() }
      let body = compress(text, windowBits: 31)
      let head = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: \(body.count)\r\n\r\n"
      try await client.send(Array(head.utf8) + body)
      #expect(try await client.receiveResponse(isHead: false).body == text)
      try await client.send(Array(post("/echo", "x", "Content-Encoding: br").utf8))
      let refused = try await client.receiveResponse(isHead: false)
      #expect(refused.status == 415 && refused["accept-encoding"] == "gzip, deflate")
    }
  }

  @Test func responsesAreCompressedForWhoAsks() async throws {
    let text = text
    try await TestServer.run(routes: { router in
      router.on(.get, "/long") { _, writer in
        try await writer.send(status: .ok, headerFields: [.contentType: "application/json"], body: text)
      }
      router.on(.get, "/short") { _, writer in
        try await writer.send(status: .ok, headerFields: [.contentType: "application/json"], body: [1])
      }
      router.on(.get, "/events") { _, writer in
        let stream = try await writer.startEventStream()
        try await stream.send(data: text)
        try await stream.finish()
      }
    }) { server in
      let client = try server.connect()
      defer { client.close() }
      func ask(_ path: String, _ accepted: String) async throws -> ClientResponse {
        try await client.send(Array(get(path, "Accept-Encoding: \(accepted)").utf8))
        return try await client.receiveResponse(isHead: false)
      }
      for accepted in ["gzip", "br, gzip;q=0.5", "*", "x-gzip"] {
        let response = try await ask("/long", accepted)
        #expect(response["content-encoding"] == "gzip" && response["vary"] == "Accept-Encoding", "\(accepted)")
        #expect(response.body.count < text.count / 4)
        #expect(try decode(response.body, "gzip") == text)
      }
      for accepted in ["", "br", "gzip;q=0", "identity, gzip; q=0.0", "*;q=0"] {
        let response = try await ask("/long", accepted)
        #expect(response["content-encoding"] == nil && response.body == text, "\(accepted)")
      }
      #expect(try await ask("/short", "gzip")["content-encoding"] == nil)
      #expect(try await ask("/events", "gzip")["content-encoding"] == nil)
    }
  }

  @Test func anAddressHasItsShareOfConnections() async throws {
    try await TestServer.run({ $0.limits.connectionsPerAddress = 2 }) { server in
      var clients: [SocketClient] = []
      for _ in 0..<2 {
        let client = try server.connect()
        try await client.send(Array(get("/hello").utf8))
        #expect(try await client.receiveResponse(isHead: false).status == 200)
        clients.append(client)
      }
      let third = try server.connect()
      #expect(try await third.receiveResponse(isHead: false).status == 429)
      third.close()
      for client in clients { client.close() }
      // The places are free as soon as the server has seen that they are gone.
      while true {
        let next = try server.connect()
        defer { next.close() }
        try await next.send(Array(get("/hello").utf8))
        if try await next.receiveResponse(isHead: false).status == 200 { break }
      }
    }
  }
}
