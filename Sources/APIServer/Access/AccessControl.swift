package import HTTPTypes
public import Host
public import Metrics
import Synchronization

/// Who may ask, and how much: the API keys, and what their holders have taken.
public final class AccessControl: Sendable {
  /// What happens at the gate.
  package enum Event: Sendable {
    /// A request with these fields was let in, by the key of a name where there are keys, or refused.
    case entered(HTTPFields, name: String?, refusal: APIError?)
    /// A request that was let in is over.
    case left(name: String)
    /// A request has taken tokens.
    case charged(name: String, tokens: Int)
  }

  /// What a key's holder has taken.
  private struct Account {
    let limits: APIKey.Limits
    var requests: Allowance?
    var tokens: Allowance?

    init(_ limits: APIKey.Limits, at now: ContinuousClock.Instant) {
      self.limits = limits
      requests = limits.requestsPerMinute.map { Allowance(perMinute: $0, at: now) }
      tokens = limits.tokensPerMinute.map { Allowance(perMinute: $0, at: now) }
    }
  }

  private struct State {
    /// Nil lets everybody in.
    var keys: [APIKey]?
    var accounts: [String: Account] = [:]
    /// Requests that are not over yet, by the names of keys, also of those that are valid no more.
    var running: [String: Int] = [:]
  }

  private let state: Mutex<State>
  private let host: any HostSystem
  private let inspect: @Sendable (Event) -> Void
  private let requests = CounterFamily(labels: ["key", "outcome"], limit: mostSeries)
  private let tokens = CounterFamily(labels: ["key"], limit: mostSeries)
  private let strangers = Counter()

  /// Keys that metrics tell apart, at most; further ones count as `other`.
  private static let mostSeries = 4096

  /// Lets in who has one of the keys; everybody where there are to be none (nil).
  /// - Parameter host: whose time counts.
  public convenience init(keys: [APIKey]?, host: any HostSystem = SystemHost()) {
    self.init(keys: keys, host: host, inspect: { _ in })
  }

  /// - Parameter inspect: sees everything that happens, behind it.
  package init(keys: [APIKey]?, host: any HostSystem, inspect: @escaping @Sendable (Event) -> Void) {
    state = Mutex(State())
    self.host = host
    self.inspect = inspect
    replaceKeys(keys)
  }

  /// Takes other keys from now on. Who is in stays in; a holder whose limits are the same keeps what was taken.
  public func replaceKeys(_ keys: [APIKey]?) {
    let now = host.now
    state.withLock { state in
      state.keys = keys
      var accounts: [String: Account] = [:]
      for key in keys ?? [] {
        let old = state.accounts[key.name].flatMap { $0.limits == key.limits ? $0 : nil }
        accounts[key.name] = old ?? Account(key.limits, at: now)
      }
      state.accounts = accounts
    }
  }

  /// Requests that are not over yet, by the names of their keys.
  package var running: [String: Int] { state.withLock { $0.running } }

  /// Adds what the keys' holders ask for and take, by the keys' names.
  public func addMetrics(to registry: MetricRegistry) {
    registry.add(
      "apus_key_requests_total",
      "Requests with an API key, by its name; limited: refused because a limit of the key was reached.",
      .counters(requests))
    registry.add(
      "apus_key_tokens_total", "Tokens of prompts and replies that were charged to an API key, by its name.",
      .counters(tokens))
    registry.add("apus_key_missing_total", "Requests refused for want of a valid API key.", .counter(strangers))
  }

  /// Lets a request in by the key in its fields. `leave` is owed for a name.
  /// - Returns: the key's name; nil where everybody is let in.
  /// - Throws: 401 without a valid key, 429 where a limit is reached.
  func enter(_ fields: HTTPFields) throws(APIError) -> String? { try enter(fields, at: host.now) }

  /// Lets a request in that comes at a time.
  func enter(_ fields: HTTPFields, at now: ContinuousClock.Instant) throws(APIError) -> String? {
    let offered = Self.secrets(in: fields).map { SecretDigest(of: $0.utf8) }
    let (name, refusal): (String?, APIError?) = state.withLock { state in
      guard let keys = state.keys else { return (nil, nil) }
      guard !offered.isEmpty else { return (nil, .missingKey) }
      guard let key = Self.find(offered, in: keys) else { return (nil, .invalidKey) }
      var account = state.accounts[key.name] ?? Account(key.limits, at: now)
      defer { state.accounts[key.name] = account }
      if let refusal = Self.refusal(&account, running: state.running[key.name] ?? 0, at: now) {
        return (key.name, refusal)
      }
      account.requests?.take(1, at: now)
      state.running[key.name, default: 0] += 1
      return (key.name, nil)
    }
    if let name {
      requests.add(1, [name, refusal == nil ? "admitted" : "limited"])
    } else if refusal != nil {
      strangers.add(1)
    }
    inspect(.entered(fields, name: name, refusal: refusal))
    if let refusal { throw refusal }
    return name
  }

  /// A request that was let in is over.
  func leave(_ name: String?) {
    guard let name else { return }
    state.withLock { state in
      let left = (state.running[name] ?? 0) - 1
      state.running[name] = left > 0 ? left : nil
    }
    inspect(.left(name: name))
  }

  /// A request has taken so many tokens.
  func charge(_ name: String?, tokens: Int) { charge(name, tokens: tokens, at: host.now) }

  /// A request has taken so many tokens at a time.
  func charge(_ name: String?, tokens: Int, at now: ContinuousClock.Instant) {
    guard let name else { return }
    state.withLock { $0.accounts[name]?.tokens?.take(Double(tokens), at: now) }
    self.tokens.add(tokens, [name])
    inspect(.charged(name: name, tokens: tokens))
  }

  /// The models the holder may ask for; nil for all. A key that is gone allows none.
  func models(of name: String?) -> Set<String>? {
    guard let name else { return nil }
    return state.withLock { state in
      guard let account = state.accounts[name] else { return [] }
      return account.limits.models
    }
  }

  /// The secrets a request offers: OpenAI's clients and most others send the one field, Anthropic's the other.
  private static func secrets(in fields: HTTPFields) -> [String] {
    var secrets: [String] = []
    if let value = fields[.authorization] {
      let parts = value.split(separator: " ", maxSplits: 1)
      if parts.count == 2, parts[0].lowercased() == "bearer" {
        secrets.append(String(parts[1].drop { $0 == " " }))
      }
    }
    if let value = fields[.apiKey] { secrets.append(value) }
    return secrets.filter { !$0.isEmpty }
  }

  /// Looks at every key, whether one was found before or not, so that the time tells nothing about them.
  private static func find(_ offered: [SecretDigest], in keys: [APIKey]) -> APIKey? {
    var found: APIKey?
    for digest in offered {
      for key in keys where digest.matches(key.digest) { found = key }
    }
    return found
  }

  private static func refusal(_ account: inout Account, running: Int, at now: ContinuousClock.Instant) -> APIError? {
    let limits = account.limits
    if let most = limits.concurrentRequests, running >= most {
      return .limitReached("\(most) requests at a time", retryAfter: 1)
    }
    if let most = limits.requestsPerMinute, let wait = account.requests?.wait(for: 1, at: now), wait > 0 {
      return .limitReached("\(most) requests a minute", retryAfter: wait)
    }
    if let most = limits.tokensPerMinute, let wait = account.tokens?.wait(for: 1, at: now), wait > 0 {
      return .limitReached("\(most) tokens a minute", retryAfter: wait)
    }
    return nil
  }
}

extension APIError {
  fileprivate static let missingKey = APIError(
    .unauthorized, code: nil,
    "You did not provide an API key. Send it in the field Authorization as 'Bearer KEY', or in the field x-api-key.",
    headerFields: [.wwwAuthenticate: "Bearer"])

  /// The key that was sent is not repeated: it may be a good one with a slip.
  fileprivate static let invalidKey = APIError(
    .unauthorized, code: "invalid_api_key", "The API key that was provided is not valid here.",
    headerFields: [.wwwAuthenticate: "Bearer error=\"invalid_token\""])

  fileprivate static func limitReached(_ limit: String, retryAfter seconds: Double) -> APIError {
    APIError(
      .tooManyRequests, type: "rate_limit_error", code: "rate_limit_exceeded",
      "The limit of this API key is reached: \(limit).",
      headerFields: [.retryAfter: "\(Int(min(max(1, seconds), 86_400).rounded(.up)))"])
  }

  /// The key's holder may not ask for the model.
  static func forbiddenModel(_ name: String) -> APIError {
    APIError(
      .forbidden, code: "model_not_found", parameter: "model",
      "This API key does not allow the model '\(name.excerpt)'.")
  }
}
