import Foundation
public import HTTP
import HTTPTypes
public import Host
import JSON
public import Logging
public import Metrics
public import Serving

/// OpenAI's API in front of a model.
///
/// To stop gracefully: `Checkpoints.drain` first, so that new requests are refused with 503 while running ones finish;
/// then `HTTPServer.shutdown`.
public struct APIServer: Sendable {
  let checkpoints: Checkpoints
  let models: ServedModels
  let exchange: ReplyExchange
  let chat: ChatCompletionsFormat
  let completions: CompletionsFormat
  let messages: MessagesFormat
  let responses: ResponsesFormat
  let storedResponses: StoredResponses
  let tokens: TokenEndpoints
  let operation: OperationEndpoints
  let gate: AccessGate
  let version: String

  /// Header fields of responses that web pages should be allowed to read (see `CORSPolicy.exposedFields`).
  public static let exposedFields = ["x-request-id", "x-apus-ignored-fields", "Retry-After"]

  /// Puts the API in front of a model.
  /// - Parameters:
  ///   - metrics: what `/metrics` tells; the checkpoints' own are added to it.
  ///   - access: who may ask.
  ///   - host: whose time counts.
  ///   - logger: gets a line for every request that makes tokens.
  public init(
    checkpoints: Checkpoints, configuration: APIServerConfiguration, metrics: MetricRegistry = MetricRegistry(),
    access: AccessControl = AccessControl(keys: nil), host: any HostSystem = SystemHost(), logger: Logger
  ) {
    precondition(!configuration.servedModelNames.isEmpty, "a served model has a name")
    self.checkpoints = checkpoints
    version = configuration.version
    models = ServedModels(
      names: configuration.servedModelNames, created: Int(Date().timeIntervalSince1970),
      contextLength: checkpoints.contextLength, modes: checkpoints.modes)
    exchange = ReplyExchange(
      body: BodyReader(limit: configuration.maximumBodyBytes), heartbeat: configuration.heartbeat,
      unknownFields: configuration.unknownFields, termsReader: TermsReader(tenantField: configuration.tenantField),
      access: access, host: host, logger: logger)
    for (service, suffix) in checkpoints.all {
      metrics.add(service, model: configuration.servedModelNames[0] + suffix)
    }
    gate = AccessGate(access: access)
    operation = OperationEndpoints(metrics: metrics, metricsWantKey: !configuration.metricsAreOpen) {
      [stallTimeout = configuration.stallTimeout] in
      if checkpoints.isStalled(after: stallTimeout) { return .stalled }
      return checkpoints.isDraining ? .draining : .ready
    }
    let fingerprint = Self.fingerprint(configuration, contextLength: checkpoints.contextLength)
    let intake = ChatIntake(checkpoints: checkpoints, models: models, unknownFields: configuration.unknownFields)
    completions = CompletionsFormat(
      checkpoints: checkpoints, models: models, unknownFields: configuration.unknownFields, fingerprint: fingerprint)
    messages = MessagesFormat(intake: intake)
    let store = ResponseStore(limit: configuration.responseStoreBytes)
    responses = ResponsesFormat(intake: intake, store: store)
    storedResponses = StoredResponses(store: store)
    tokens = TokenEndpoints(intake: intake)
    chat = ChatCompletionsFormat(
      intake: intake, fingerprint: fingerprint, reasoningField: configuration.reasoningField)
  }

  /// All routes.
  public func router() -> Router {
    var router = Router { error in ("application/json", APIError(error).body) }
    for endpoint in endpoints { router.on(endpoint.method, endpoint.path, handler: gate.guarding(endpoint)) }
    return router
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
