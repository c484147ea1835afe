import Foundation
public import HTTP
import HTTPTypes
public import Host
import JSON
public import Logging
public import Metrics
public import Serving

/// OpenAI's API in front of models.
///
/// To stop gracefully: `ModelPool.drain` first, so that new requests are refused with 503 while running ones finish;
/// then `HTTPServer.shutdown`.
public struct APIServer: Sendable {
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

  /// Puts the API in front of models.
  /// - Parameters:
  ///   - models: at least one.
  ///   - metrics: what `/metrics` tells; the models' own are added to it.
  ///   - access: who may ask.
  ///   - host: whose time counts.
  ///   - logger: gets a line for every request that makes tokens.
  public init(
    models pool: ModelPool, configuration: APIServerConfiguration, metrics: MetricRegistry = MetricRegistry(),
    access: AccessControl = AccessControl(keys: nil), host: any HostSystem = SystemHost(), logger: Logger
  ) {
    precondition(!pool.models.isEmpty, "a server has a model")
    version = configuration.version
    models = ServedModels(
      pool: pool, created: Int(Date().timeIntervalSince1970), version: configuration.version)
    exchange = ReplyExchange(
      body: BodyReader(limit: configuration.maximumBodyBytes), heartbeat: configuration.heartbeat,
      unknownFields: configuration.unknownFields, termsReader: TermsReader(tenantField: configuration.tenantField),
      access: access, host: host, logger: logger)
    metrics.add(pool)
    gate = AccessGate(access: access)
    operation = OperationEndpoints(metrics: metrics, metricsWantKey: !configuration.metricsAreOpen) {
      [stallTimeout = configuration.stallTimeout] in
      if pool.isStalled(after: stallTimeout) { return .stalled }
      return pool.isDraining ? .draining : .ready
    }
    let intake = ChatIntake(models: models, unknownFields: configuration.unknownFields)
    completions = CompletionsFormat(models: models, unknownFields: configuration.unknownFields)
    messages = MessagesFormat(intake: intake)
    let store = ResponseStore(limit: configuration.responseStoreBytes)
    responses = ResponsesFormat(intake: intake, store: store)
    storedResponses = StoredResponses(store: store)
    tokens = TokenEndpoints(intake: intake)
    chat = ChatCompletionsFormat(intake: intake, reasoningField: configuration.reasoningField)
  }

  /// All routes.
  public func router() -> Router {
    var router = Router { error in ("application/json", APIError(error).body) }
    for endpoint in endpoints { router.on(endpoint.method, endpoint.path, handler: gate.guarding(endpoint)) }
    return router
  }
}
