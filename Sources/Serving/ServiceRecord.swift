/// What is known of a model's services from one to the next, when the model is unloaded and loaded again.
public final class ServiceRecord: Sendable {
  /// What is measured of requests and steps.
  public let metrics = ServiceMetrics()
  /// The tokens of earlier replies.
  let history: ReplyHistory

  /// Nothing is known yet.
  /// - Parameter caching: what is kept of requests.
  public init(_ caching: CacheConfiguration = CacheConfiguration()) {
    history = ReplyHistory(limit: caching.history == .faithful ? caching.historyByteCount : 0)
  }
}
