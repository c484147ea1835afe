public import HTTP
import HTTPTypes
public import Metrics
import Synchronization

/// What is served while the model is read: `/health`, `/ready` and `/metrics`; all else is told to come again.
public final class StartupServer: Sendable {
  private let stage = Mutex("files")
  private let metrics: MetricRegistry
  private let metricsWantKey: Bool
  private let gate: AccessGate

  /// A server that loads.
  /// - Parameters:
  ///   - metrics: what `/metrics` tells.
  ///   - access: who may see them, unless `metricsAreOpen`.
  public init(metrics: MetricRegistry, metricsAreOpen: Bool = false, access: AccessControl) {
    self.metrics = metrics
    metricsWantKey = !metricsAreOpen
    gate = AccessGate(access: access)
  }

  /// The loading has come so far.
  public func note(stage name: String) { stage.withLock { $0 = name } }

  /// All routes.
  public func router() -> Router {
    var router = Router { error in ("application/json", APIError(error).body) }
    let operation = OperationEndpoints(metrics: metrics, metricsWantKey: metricsWantKey) { [self] in
      .loading(stage: stage.withLock { $0 })
    }
    for endpoint in operation.endpoints {
      router.on(endpoint.method, endpoint.path, handler: gate.guarding(endpoint))
    }
    for method in [HTTPRequest.Method.get, .post, .delete] {
      router.on(method, "/{path...}") { _, _ in
        throw HTTPError(
          .serviceUnavailable, "the model is being loaded", headerFields: [.retryAfter: "5"])
      }
    }
    return router
  }
}
