import HTTP
import HTTPTypes
import JSON

/// Reads a request's JSON body.
struct BodyReader: Sendable {
  /// The largest body taken, in bytes.
  let limit: Int

  /// Bodies up to this size are parsed where they were read, on the event loop; larger ones elsewhere.
  private static let inlineParseBytes = 64 * 1024

  /// Reads and parses the body.
  /// - Throws: `APIError` 400 or 415, and `HTTPError` where the body cannot be had, 413 among them.
  func json(of request: Request) async throws -> JSON {
    let type = request.headerFields[.contentType]
    guard Self.isJSON(type) else { throw APIError.wrongContentType(type?.loggable) }
    let bytes = try await request.body.collect(upTo: limit)
    guard bytes.count > Self.inlineParseBytes else { return try Self.parse(bytes).get() }
    return try await withTaskExecutorPreference(globalConcurrentExecutor) { Self.parse(bytes) }.get()
  }

  private static func parse(_ bytes: [UInt8]) -> Result<JSON, APIError> {
    do {
      return .success(try JSON(parsing: bytes))
    } catch {
      return .failure(.malformed(error))
    }
  }

  /// `application/json` or a type with the suffix `+json` (RFC 6839), whatever its parameters.
  static func isJSON(_ type: String?) -> Bool {
    guard let essence = type?.split(separator: ";", omittingEmptySubsequences: false).first else { return false }
    let name = essence.filter { $0 != " " && $0 != "\t" }.lowercased()
    return name == "application/json" || (name.hasPrefix("application/") && name.hasSuffix("+json"))
  }
}
