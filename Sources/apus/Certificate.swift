import Foundation
import HTTP
import Logging

/// The server's certificate: read at start, and again when it has been renewed.
struct Certificate: Sendable {
  private let files: TLSFiles
  private let logger: Logger

  /// Nil where the settings ask for no TLS.
  init?(_ settings: Settings, logger: Logger) throws(SettingsError) {
    guard let certificate = settings.tlsCertificate else {
      let others = [("tls-key", settings.tlsKey), ("tls-client-ca", settings.tlsClientAuthority)]
      if let other = others.first(where: { $0.1 != nil }) {
        throw .missing(setting: "tls-certificate", neededBy: other.0)
      }
      return nil
    }
    files = TLSFiles(
      certificate: certificate, key: settings.tlsKey ?? certificate, clientAuthority: settings.tlsClientAuthority)
    self.logger = logger
  }

  /// Reads the files, and says until when the certificate is good.
  func read() throws(TLSError) -> TLSContext {
    let context = try TLSContext(files)
    let expiry = Date(timeIntervalSince1970: Double(context.expiry))
    let text = "certificate=\(files.certificate) expiry=\(expiry.formatted(.iso8601))"
    if expiry < .now {
      logger.warning("the certificate has expired \(text)")
    } else {
      logger.info("certificate read \(text)")
    }
    return context
  }
}
