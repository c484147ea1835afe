import Foundation
public import HTTP
import HTTPTypes
import JSON
public import Logging
public import Serving

/// OpenAI's API in front of a chat service.
///
/// To stop gracefully: `ChatService.drain` first, so that new requests are refused with 503 while running ones finish;
/// then `HTTPServer.shutdown`.
public struct APIServer: Sendable {
  private let service: ChatService
  private let models: ServedModels
  private let chat: ChatCompletionsHandler

  /// Header fields of responses that web pages should be allowed to read (see `CORSPolicy.exposedFields`).
  public static let exposedFields = ["x-request-id", "x-apus-ignored-fields", "Retry-After"]

  /// Puts the API in front of `service`. `logger` gets a line for every chat request.
  public init(service: ChatService, configuration: APIServerConfiguration, logger: Logger) {
    precondition(!configuration.servedModelNames.isEmpty, "a served model has a name")
    self.service = service
    models = ServedModels(
      names: configuration.servedModelNames, created: Int(Date().timeIntervalSince1970),
      contextLength: service.contextLength, modes: service.format.modes)
    chat = ChatCompletionsHandler(
      service: service, models: models, body: BodyReader(limit: configuration.maximumBodyBytes),
      heartbeat: configuration.heartbeat,
      fingerprint: Self.fingerprint(configuration, contextLength: service.contextLength), logger: logger)
  }

  /// All routes.
  public func router() -> Router {
    var router = Router { error in ("application/json", APIError(error).body) }
    router.on(.post, "/v1/chat/completions") { [chat] request, writer in try await chat.answer(request, writer) }
    router.on(.get, "/v1/models") { [models] request, writer in
      try await Self.send(models.list, to: request, writer)
    }
    router.on(.get, "/v1/models/{id...}") { [models] request, writer in
      let name = request.pathParameters["id"] ?? ""
      guard models.suffix(of: name) != nil else {
        let error = APIError.unknownModel(name.excerpt, served: models.names, parameter: nil)
        return try await Self.send(error.envelope, status: error.status, to: request, writer)
      }
      try await Self.send(models.description(of: name), to: request, writer)
    }
    router.on(.get, "/health") { [service] request, writer in
      let isDraining = service.isDraining
      try await Self.send(
        ["status": isDraining ? "draining" : "ok"], status: isDraining ? .serviceUnavailable : .ok, to: request, writer)
    }
    return router
  }

  private static func send(
    _ value: JSON, status: HTTPResponse.Status = .ok, to request: Request, _ writer: consuming ResponseWriter
  ) async throws {
    var body: [UInt8] = []
    value.append(to: &body)
    let fields: HTTPFields = [
      .contentType: "application/json", .requestID: RequestIdentity.of(request.headerFields),
    ]
    try await writer.send(status: status, headerFields: fields, body: body)
  }

  /// Stays the same as long as the same requests get the same replies: version, model and context are its parts.
  /// (64-bit FNV-1a.)
  private static func fingerprint(_ configuration: APIServerConfiguration, contextLength: Int) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in "\(configuration.version) \(configuration.servedModelNames[0]) \(contextLength)".utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    let digits = String(hash, radix: 16)
    return "fp_" + String(repeating: "0", count: 16 - digits.count) + digits
  }
}
