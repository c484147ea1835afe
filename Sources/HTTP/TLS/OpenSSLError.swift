import COpenSSL
import Glibc

/// What went wrong in the calls to OpenSSL of this thread since its queue of errors was last cleared; the first is the
/// cause of the others.
struct OpenSSLError: Sendable {
  private let code: UInt

  /// Takes the error, and clears the queue.
  static func take() -> OpenSSLError {
    defer { ERR_clear_error() }
    return OpenSSLError(code: ERR_get_error())
  }

  /// A few words.
  var reason: String {
    if code == 0 { return "unknown" }
    if isOfSystem { return String(cString: strerror(ERR_GET_REASON(code))) }
    return ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
  }

  /// A system call failed, such as the opening of a file.
  var isOfSystem: Bool { ERR_GET_LIB(code) == ERR_LIB_SYS }

  func isReason(_ reason: CInt, of library: CInt) -> Bool {
    ERR_GET_LIB(code) == library && ERR_GET_REASON(code) == reason
  }
}
