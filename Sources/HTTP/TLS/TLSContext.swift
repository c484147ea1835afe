import COpenSSL
import Glibc

/// What the TLS connections of a server share: its certificate, its key, and what it takes of clients.
///
/// TLS 1.2 and 1.3 with forward secrecy and authenticated encryption, and nothing else; no compression, no
/// renegotiation, no early data.
///
/// Unchecked: the context is complete when `init` returns and is only read from then on, which OpenSSL allows from any
/// thread.
public final class TLSContext: @unchecked Sendable {
  let pointer: OpaquePointer
  /// When the certificate becomes invalid, in seconds since 1970.
  public let expiry: Int

  /// TLS 1.3 has suites of its own, all of them good.
  private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"
  /// The name of HTTP/1.1 in ALPN (RFC 7301, section 6), with its length before it.
  private static let protocols: [UInt8] = [8] + Array("http/1.1".utf8)

  /// Reads the files.
  public convenience init(_ files: TLSFiles) throws(TLSError) {
    ERR_clear_error()
    guard let pointer = SSL_CTX_new(TLS_server_method()) else {
      throw .unavailable(reason: OpenSSLError.take().reason)
    }
    do throws(TLSError) {
      try Self.restrict(pointer)
      try Self.identify(pointer, files)
      if let path = files.clientAuthority { try Self.demandCertificates(pointer, path) }
    } catch {
      SSL_CTX_free(pointer)
      throw error
    }
    self.init(owning: pointer)
  }

  private init(owning pointer: OpaquePointer) {
    self.pointer = pointer
    var time = tm()
    let end = SSL_CTX_get0_certificate(pointer).flatMap(X509_get0_notAfter)
    expiry = end != nil && ASN1_TIME_to_tm(end, &time) == 1 ? timegm(&time) : 0
  }

  deinit { SSL_CTX_free(pointer) }

  private static func restrict(_ pointer: OpaquePointer) throws(TLSError) {
    guard tls_set_minimum_version(pointer, TLS1_2_VERSION) == 1, SSL_CTX_set_cipher_list(pointer, ciphers) == 1 else {
      throw .unavailable(reason: OpenSSLError.take().reason)
    }
    // At least 112 bits of security: RSA keys from 2048 bits on, no SHA-1.
    SSL_CTX_set_security_level(pointer, 2)
    SSL_CTX_set_options(pointer, tls_server_options)
    tls_save_memory(pointer)
    SSL_CTX_set_alpn_select_cb(
      pointer,
      { _, chosen, chosenLength, offered, offeredLength, _ in
        // A client that speaks nothing we do is told so (RFC 7301, section 3.2).
        let isFound = TLSContext.protocols.withUnsafeBufferPointer { own in
          // The result points into what the client offers, or, without a common one, into `own`, which is not used.
          UnsafeMutableRawPointer(chosen)?.withMemoryRebound(to: UnsafeMutablePointer<UInt8>?.self, capacity: 1) {
            SSL_select_next_proto($0, chosenLength, offered, offeredLength, own.baseAddress, CUnsignedInt(own.count))
          } == OPENSSL_NPN_NEGOTIATED
        }
        return isFound ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL
      }, nil)
  }

  private static func identify(_ pointer: OpaquePointer, _ files: TLSFiles) throws(TLSError) {
    guard SSL_CTX_use_certificate_chain_file(pointer, files.certificate) == 1 else {
      let error = OpenSSLError.take()
      throw error.isOfSystem
        ? .unreadable(path: files.certificate, reason: error.reason)
        : .noCertificate(path: files.certificate, reason: error.reason)
    }
    // Without this, OpenSSL would ask for a passphrase on the terminal.
    var wantsPassphrase = false
    let result = withUnsafeMutablePointer(to: &wantsPassphrase) { wants in
      SSL_CTX_set_default_passwd_cb_userdata(pointer, wants)
      SSL_CTX_set_default_passwd_cb(pointer) { _, _, _, wants in
        wants?.storeBytes(of: true, as: Bool.self)
        return -1
      }
      defer { SSL_CTX_set_default_passwd_cb_userdata(pointer, nil) }
      return SSL_CTX_use_PrivateKey_file(pointer, files.key, SSL_FILETYPE_PEM)
    }
    guard result == 1 else {
      let error = OpenSSLError.take()
      if wantsPassphrase { throw .encryptedKey(path: files.key) }
      if error.isOfSystem { throw .unreadable(path: files.key, reason: error.reason) }
      if error.isReason(X509_R_KEY_VALUES_MISMATCH, of: ERR_LIB_X509) {
        throw .keyOfAnother(certificate: files.certificate, key: files.key)
      }
      throw .noKey(path: files.key, reason: error.reason)
    }
    // A key of another type finds no certificate of its type.
    guard SSL_CTX_check_private_key(pointer) == 1 else {
      ERR_clear_error()
      throw .keyOfAnother(certificate: files.certificate, key: files.key)
    }
  }

  /// Clients have to show a certificate that leads to one of those in a file.
  private static func demandCertificates(_ pointer: OpaquePointer, _ path: String) throws(TLSError) {
    guard SSL_CTX_load_verify_file(pointer, path) == 1, let names = SSL_load_client_CA_file(path) else {
      let error = OpenSSLError.take()
      throw error.isOfSystem
        ? .unreadable(path: path, reason: error.reason) : .noCertificate(path: path, reason: error.reason)
    }
    SSL_CTX_set_client_CA_list(pointer, names)
    SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    // A session that is resumed shows no certificate, so that one that has run out would still be good.
    SSL_CTX_set_options(pointer, tls_no_ticket_option)
    SSL_CTX_set_num_tickets(pointer, 0)
  }
}
