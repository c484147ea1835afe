import COpenSSL

/// The server's side of one TLS connection, without a socket: what the peer sends goes in and plain text comes out, and
/// the other way round. Belongs to its connection's thread.
final class TLSSession {
  /// Why a session has failed; nothing can be sent or received by it any more but `takeOutput`'s alert.
  struct Failure: Error, Hashable {
    /// A few words, none of them the peer's.
    let reason: String
    /// The peer has sent an HTTP request where a handshake was to come.
    let isPlainHTTP: Bool
  }

  /// What OpenSSL reads from and writes to.
  private final class Wire {
    /// Valid during a call to `receive`.
    var input = UnsafeRawBufferPointer(start: nil, count: 0)
    var output: [UInt8] = []
  }

  private let pointer: OpaquePointer
  private let wire = Wire()
  /// Whether the handshake is over, so that plain text can be sent.
  private(set) var isEstablished = false
  /// Whether the peer has said that it will send no more.
  private(set) var hasPeerClosed = false
  private var hasFailed = false

  /// The longest plain text of a record (RFC 8446, section 5.1).
  private static let recordBytes = 16 * 1024

  /// - Returns: nil where there is no memory for it.
  init?(_ context: TLSContext) {
    guard let method = Self.method, let transport = BIO_new(method) else { return nil }
    guard let pointer = SSL_new(context.pointer) else {
      BIO_free(transport)
      return nil
    }
    self.pointer = pointer
    BIO_set_data(transport, Unmanaged.passUnretained(wire).toOpaque())
    BIO_set_init(transport, 1)
    SSL_set_bio(pointer, transport, transport)
    SSL_set_accept_state(pointer)
  }

  deinit { SSL_free(pointer) }

  /// Takes what the peer has sent. There may be something to send afterwards, also when this throws.
  /// - Returns: the plain text in it.
  func receive(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> [UInt8] {
    guard !hasFailed else { return [] }
    wire.input = bytes
    defer { wire.input = UnsafeRawBufferPointer(start: nil, count: 0) }
    ERR_clear_error()
    if !isEstablished {
      let result = SSL_do_handshake(pointer)
      guard result == 1 else {
        try check(result)
        return []
      }
      isEstablished = true
    }
    var plain: [UInt8] = []
    while !hasPeerClosed {
      var result: CInt = 0
      let record = [UInt8](unsafeUninitializedCapacity: Self.recordBytes) { buffer, count in
        result = SSL_read_ex(pointer, buffer.baseAddress, buffer.count, &count)
      }
      guard result == 1 else {
        try check(result)
        break
      }
      if plain.isEmpty { plain = record } else { plain += record }
    }
    return plain
  }

  /// Encrypts what is to be sent.
  func send(_ bytes: [UInt8]) throws(Failure) {
    guard !bytes.isEmpty, isEstablished, !hasFailed else { return }
    ERR_clear_error()
    var count = 0
    let result = bytes.withUnsafeBytes { SSL_write_ex(pointer, $0.baseAddress, $0.count, &count) }
    if result != 1 { try check(result) }
  }

  /// Tells the peer that nothing more will be sent.
  func close() {
    guard isEstablished, !hasFailed else { return }
    ERR_clear_error()
    SSL_shutdown(pointer)
    ERR_clear_error()
  }

  /// What is to be sent to the peer.
  func takeOutput() -> [UInt8] {
    defer { wire.output = [] }
    return wire.output
  }

  /// Throws unless a call has only run out of input.
  private func check(_ result: CInt) throws(Failure) {
    switch SSL_get_error(pointer, result) {
    case SSL_ERROR_WANT_READ: return
    case SSL_ERROR_ZERO_RETURN: hasPeerClosed = true
    default:
      hasFailed = true
      let error = OpenSSLError.take()
      throw Failure(reason: error.reason, isPlainHTTP: error.isReason(SSL_R_HTTP_REQUEST, of: ERR_LIB_SSL))
    }
  }

  /// How OpenSSL reads from and writes to a `Wire`.
  private nonisolated(unsafe) static let method: OpaquePointer? = {
    guard let method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "wire") else { return nil }
    BIO_meth_set_read(method) { transport, bytes, count in
      guard let bytes, let wire = TLSSession.wire(of: transport) else { return -1 }
      BIO_clear_flags(transport, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
      let taken = wire.input.prefix(Int(count))
      guard !taken.isEmpty else {
        BIO_set_flags(transport, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
        return -1
      }
      UnsafeMutableRawBufferPointer(start: bytes, count: taken.count).copyBytes(from: taken)
      wire.input = UnsafeRawBufferPointer(rebasing: wire.input.dropFirst(taken.count))
      return CInt(taken.count)
    }
    BIO_meth_set_write(method) { transport, bytes, count in
      guard let wire = TLSSession.wire(of: transport) else { return -1 }
      BIO_clear_flags(transport, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
      wire.output += UnsafeRawBufferPointer(start: bytes, count: Int(count))
      return count
    }
    BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    return method
  }()

  private static func wire(of transport: OpaquePointer?) -> Wire? {
    BIO_get_data(transport).map { Unmanaged<Wire>.fromOpaque($0).takeUnretainedValue() }
  }
}
