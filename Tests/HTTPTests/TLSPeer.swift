import COpenSSL
import TestSupport

@testable import HTTP

/// The client's side of a TLS connection, in memory.
final class TLSPeer {
  private let context: OpaquePointer
  private let pointer: OpaquePointer

  struct Failure: Error {
    let reason: String
  }

  /// - Parameters:
  ///   - versions: the oldest and the newest that the client offers.
  ///   - ciphers: of TLS 1.2, as OpenSSL writes them.
  ///   - protocols: of ALPN, each with its length before it.
  ///   - identity: what the client shows.
  init(
    versions: ClosedRange<CInt> = TLS1_2_VERSION...TLS1_3_VERSION, ciphers: String = "ALL:@SECLEVEL=0",
    protocols: [UInt8] = [], identity: (certificate: String, key: String)? = nil
  ) throws {
    context = try Self.unwrap(SSL_CTX_new(TLS_client_method()))
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(versions.lowerBound), nil)
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(versions.upperBound), nil)
    SSL_CTX_set_cipher_list(context, ciphers)
    if let identity {
      SSL_CTX_use_certificate_file(context, identity.certificate, SSL_FILETYPE_PEM)
      SSL_CTX_use_PrivateKey_file(context, identity.key, SSL_FILETYPE_PEM)
    }
    pointer = try Self.unwrap(SSL_new(context))
    if !protocols.isEmpty { SSL_set_alpn_protos(pointer, protocols, CUnsignedInt(protocols.count)) }
    SSL_set_bio(pointer, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()))
    SSL_set_connect_state(pointer)
  }

  deinit {
    SSL_free(pointer)
    SSL_CTX_free(context)
  }

  private static func unwrap(_ pointer: OpaquePointer?) throws -> OpaquePointer {
    guard let pointer else { throw Failure(reason: OpenSSLError.take().reason) }
    return pointer
  }

  /// Goes on with the handshake. Returns whether it is over.
  func handshake() throws -> Bool { try check(SSL_do_handshake(pointer)) }

  /// Takes what the server has sent.
  func receive(_ bytes: [UInt8]) { BIO_write(SSL_get_rbio(pointer), bytes, CInt(bytes.count)) }

  /// The plain text of what has been received.
  func read() throws -> [UInt8] {
    var plain: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = SSL_read(pointer, &buffer, CInt(buffer.count))
      guard try check(count) else { return plain }
      plain += buffer[..<Int(count)]
    }
  }

  func write(_ bytes: [UInt8]) throws { _ = try check(SSL_write(pointer, bytes, CInt(bytes.count))) }

  /// What is to be sent to the server.
  func takeOutput() -> [UInt8] {
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = BIO_read(SSL_get_wbio(pointer), &buffer, CInt(buffer.count))
      guard count > 0 else { return output }
      output += buffer[..<Int(count)]
    }
  }

  func renegotiate() { SSL_renegotiate(pointer) }

  func close() { SSL_shutdown(pointer) }

  /// Whether the server has said that it sends nothing more.
  var hasServerClosed: Bool { SSL_get_shutdown(pointer) & SSL_RECEIVED_SHUTDOWN != 0 }

  var version: String { String(cString: SSL_get_version(pointer)) }

  /// The name in the server's certificate.
  var subject: String {
    guard let certificate = SSL_get1_peer_certificate(pointer) else { return "" }
    defer { X509_free(certificate) }
    var name = [CChar](repeating: 0, count: 256)
    X509_NAME_oneline(X509_get_subject_name(certificate), &name, CInt(name.count))
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  var chosenProtocol: String {
    var name: UnsafePointer<UInt8>?
    var length: CUnsignedInt = 0
    SSL_get0_alpn_selected(pointer, &name, &length)
    return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
  }

  /// Returns whether a call has succeeded; it may also have run out of input, or found the end.
  private func check(_ result: CInt) throws -> Bool {
    if result > 0 { return true }
    switch SSL_get_error(pointer, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_ZERO_RETURN: return false
    default: throw Failure(reason: OpenSSLError.take().reason)
    }
  }

  /// Lets both sides exchange what they have until neither has anything left.
  /// - Parameter size: of the pieces that the server gets.
  /// - Returns: what the server has decrypted.
  @discardableResult
  func exchange(with server: TLSSession, inPiecesOf size: Int = .max) throws -> [UInt8] {
    var plain: [UInt8] = []
    while true {
      _ = try handshake()
      let sent = takeOutput()
      var rest = sent[...]
      while !rest.isEmpty {
        plain += try rest.prefix(size).withUnsafeBytes { try server.receive($0) }
        rest = rest.dropFirst(size)
      }
      let answer = server.takeOutput()
      receive(answer)
      if sent.isEmpty && answer.isEmpty { return plain }
    }
  }
}
