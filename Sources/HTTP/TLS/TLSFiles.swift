/// Where a server's certificate comes from: files in PEM format.
public struct TLSFiles: Sendable, Hashable {
  /// The server's certificate, followed by those that lead to its root.
  public var certificate: String
  /// The certificate's private key, not encrypted; may be the same file.
  public var key: String
  /// Certificates that clients' own have to lead to; nil: clients need none.
  public var clientAuthority: String?

  /// Names the files; they are read by ``TLSContext``.
  public init(certificate: String, key: String, clientAuthority: String? = nil) {
    self.certificate = certificate
    self.key = key
    self.clientAuthority = clientAuthority
  }
}

/// Why TLS cannot be served. Names files, and shows nothing that is in them.
public enum TLSError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A file cannot be read.
  case unreadable(path: String, reason: String)
  /// There is no certificate in a file.
  case noCertificate(path: String, reason: String)
  /// There is no private key in a file.
  case noKey(path: String, reason: String)
  /// The private key wants a passphrase.
  case encryptedKey(path: String)
  /// Certificate and key do not belong together.
  case keyOfAnother(certificate: String, key: String)
  /// OpenSSL cannot be set up.
  case unavailable(reason: String)

  /// The same in words.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path) cannot be read: \(reason)"
    case .noCertificate(let path, let reason):
      "\(path) holds no certificate that can be used, in PEM format (-----BEGIN CERTIFICATE-----): \(reason)"
    case .noKey(let path, let reason):
      "\(path) holds no private key in PEM format (-----BEGIN PRIVATE KEY-----): \(reason)"
    case .encryptedKey(let path):
      "the private key in \(path) is encrypted, and there is nobody to ask for its passphrase: "
        + "write it without one, by `openssl pkey -in \(path) -out FILE`, to where only the server can read it"
    case .keyOfAnother(let certificate, let key):
      "the private key in \(key) is not that of the first certificate in \(certificate): "
        + "give the key that the certificate was issued for, and put the server's own certificate first"
    case .unavailable(let reason):
      "TLS cannot be set up: \(reason)"
    }
  }
}
