import COpenSSL
import Glibc
import TestSupport
import Testing

@testable import HTTP

/// The server's side of TLS, beside OpenSSL's client, without sockets.
@Suite struct TLSTests {
  private let certificates: TestCertificates
  private let context: TLSContext
  private let files: TLSFiles

  init() throws {
    certificates = try TestCertificates()
    let paths = try certificates.make("server")
    files = TLSFiles(certificate: paths.certificate, key: paths.key)
    context = try TLSContext(files)
  }

  private func session(_ context: TLSContext? = nil) throws -> TLSSession {
    try #require(TLSSession(context ?? self.context))
  }

  /// Why the server ends the connection with a peer; nil if it does not. The peer is always told.
  private func refusal(_ peer: TLSPeer, _ context: TLSContext? = nil) throws -> String? {
    let server = try session(context)
    do {
      try peer.exchange(with: server)
      return nil
    } catch let failure as TLSSession.Failure {
      #expect(!server.takeOutput().isEmpty)
      return failure.reason
    }
  }

  @Test(arguments: [(TLS1_2_VERSION, "TLSv1.2"), (TLS1_3_VERSION, "TLSv1.3")], [1, 7, Int.max])
  func encryptsBothWays(version: (CInt, String), size: Int) throws {
    let server = try session()
    let peer = try TLSPeer(versions: version.0...version.0)
    try peer.exchange(with: server, inPiecesOf: size)
    #expect(server.isEstablished)
    #expect(peer.version == version.1)
    let request = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try peer.write(request)
    #expect(try peer.exchange(with: server, inPiecesOf: size) == request)
    try server.send(request.reversed())
    try server.send([])
    peer.receive(server.takeOutput())
    #expect(try peer.read() == request.reversed())
    #expect(!peer.hasServerClosed)
    server.close()
    peer.receive(server.takeOutput())
    #expect(try peer.read().isEmpty)
    #expect(peer.hasServerClosed)
    peer.close()
    try peer.exchange(with: server)
    #expect(server.hasPeerClosed)
  }

  @Test(arguments: [TLS1_VERSION, TLS1_1_VERSION])
  func refusesOldProtocols(version: CInt) throws {
    #expect(try refusal(TLSPeer(versions: version...version)) == "unsupported protocol")
  }

  @Test(arguments: [
    "AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "aNULL", "eNULL",
    "DHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-CCM8",
  ])
  func refusesWeakCiphers(cipher: String) throws {
    let peer = try TLSPeer(versions: TLS1_2_VERSION...TLS1_2_VERSION, ciphers: cipher + ":@SECLEVEL=0")
    #expect(try refusal(peer) == "no shared cipher")
  }

  @Test(arguments: ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"])
  func takesGoodCiphers(cipher: String) throws {
    #expect(try refusal(TLSPeer(versions: TLS1_2_VERSION...TLS1_2_VERSION, ciphers: cipher)) == nil)
  }

  @Test func agreesOnHTTP() throws {
    let both: [UInt8] = [2] + Array("h2".utf8) + [8] + Array("http/1.1".utf8)
    let peer = try TLSPeer(protocols: both)
    #expect(try refusal(peer) == nil)
    #expect(peer.chosenProtocol == "http/1.1")
    #expect(try refusal(TLSPeer(protocols: [2] + Array("h2".utf8))) == "no application protocol")
  }

  @Test func doesNotRenegotiate() throws {
    let server = try session()
    let peer = try TLSPeer(versions: TLS1_2_VERSION...TLS1_2_VERSION)
    try peer.exchange(with: server)
    peer.renegotiate()
    let error = #expect(throws: TLSPeer.Failure.self) { try peer.exchange(with: server) }
    #expect(error?.reason == "no renegotiation")
  }

  @Test func clientsShowCertificatesWhereTheyHaveTo() throws {
    let known = try certificates.make("known")
    let other = try certificates.make("other")
    var files = files
    files.clientAuthority = known.certificate
    let demanding = try TLSContext(files)
    for version in [TLS1_2_VERSION, TLS1_3_VERSION] {
      let versions = version...version
      #expect(try refusal(TLSPeer(versions: versions, identity: known), demanding) == nil)
      #expect(
        try refusal(TLSPeer(versions: versions), demanding) == "peer did not return a certificate")
      #expect(
        try refusal(TLSPeer(versions: versions, identity: other), demanding) == "certificate verify failed")
    }
  }

  @Test func corruptedRecordsEndTheConnection() throws {
    let server = try session()
    let peer = try TLSPeer()
    try peer.exchange(with: server)
    try peer.write(Array("secret".utf8))
    var record = peer.takeOutput()
    record[record.count - 1] ^= 1
    let failure = #expect(throws: TLSSession.Failure.self) { try record.withUnsafeBytes { try server.receive($0) } }
    #expect(failure?.reason == "decryption failed or bad record mac")
    #expect(!server.takeOutput().isEmpty)
    // Nothing goes in or out any more.
    try peer.write(Array("secret".utf8))
    #expect(try peer.takeOutput().withUnsafeBytes { try server.receive($0) }.isEmpty)
    try server.send([1])
    server.close()
    #expect(server.takeOutput().isEmpty)
  }

  @Test func truncatedRecordsWait() throws {
    let server = try session()
    let peer = try TLSPeer()
    try peer.exchange(with: server)
    try peer.write(Array("all or nothing".utf8))
    let record = peer.takeOutput()
    for byte in record.dropLast() { #expect(try [byte].withUnsafeBytes { try server.receive($0) }.isEmpty) }
    #expect(try record.suffix(1).withUnsafeBytes { try server.receive($0) } == Array("all or nothing".utf8))
  }

  @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "POST /v1 HTTP/1.1\r\n"])
  func recognisesPlainHTTP(text: String) throws {
    let server = try session()
    let failure = #expect(throws: TLSSession.Failure.self) {
      try Array(text.utf8).withUnsafeBytes { try server.receive($0) }
    }
    #expect(failure?.isPlainHTTP == true)
  }

  @Test func whatIsWrongWithFilesIsSaid() throws {
    let other = try certificates.make("other")
    let rsa = try certificates.make("rsa", key: "rsa:2048")
    let text = try certificates.write("hidden-text", to: "text")
    let encrypted = certificates.path("encrypted")
    try certificates.openssl("pkey -in \(files.key) -aes128 -passout pass:hidden -out \(encrypted)")
    func error(_ change: (inout TLSFiles) -> Void) throws -> TLSError? {
      var files = files
      change(&files)
      let error = #expect(throws: TLSError.self) { try TLSContext(files) }
      #expect(error?.description.contains("hidden-text") == false)
      return error
    }
    let missing = certificates.path("missing")
    let reason = "No such file or directory"
    #expect(try error { $0.certificate = missing } == .unreadable(path: missing, reason: reason))
    #expect(try error { $0.key = missing } == .unreadable(path: missing, reason: reason))
    #expect(try error { $0.clientAuthority = missing } == .unreadable(path: missing, reason: reason))
    #expect(try error { $0.certificate = text } == .noCertificate(path: text, reason: "no start line"))
    #expect(
      try error { $0.clientAuthority = text } == .noCertificate(path: text, reason: "no certificate or crl found"))
    guard case .noKey(text, _) = try error({ $0.key = text }) else { throw SocketClientError.unexpected("a key") }
    #expect(try error { $0.key = encrypted } == .encryptedKey(path: encrypted))
    for key in [other.key, rsa.key] {
      #expect(try error { $0.key = key } == .keyOfAnother(certificate: files.certificate, key: key))
    }
  }

  @Test func knowsWhenTheCertificateEnds() throws {
    let now = Int(time(nil))
    #expect((now + 86_400...now + 3 * 86_400).contains(context.expiry))
  }
}
