import APIServer
import HTTPTypes
import Metrics

/// What the gate that keys open does, and what their holders are charged with: compared with what has to be.
///
/// Unchecked: all is one thread.
final class KeyBooks: @unchecked Sendable {
  /// A request at the gate.
  struct Visit {
    let request: ClientRequest
    /// The key that lets it in.
    let name: String?
    let refusal: APIError?
    /// How often the keys had been read when it came.
    let arrival: Int
    /// Where its tokens are among all that may be in the cache.
    var place: SharedPrompts.Place?
    /// Whether the log says that it is over.
    var isLogged = false
    /// Whether its answer has a usage.
    var isWhole = false
    /// What the key was charged with for it.
    var charged: Int?
    /// Tokens of its replies when nobody wanted them any more.
    var cancelledAfter: Int?
  }

  private let world: World
  private let ring: KeyRing
  let prompts: SharedPrompts
  private var sent: [String: ClientRequest] = [:]
  private(set) var visits: [String: Visit] = [:]
  private var accounts: [String: KeyAccount] = [:]
  /// The keys that allowed the model, after each time that keys were read.
  private var permissions: [Set<String>] = []
  /// Requests that are not over, by the names of their keys.
  private var present: [String: Int] = [:]
  /// Those of them that the log has no line of yet.
  private var unlogged: [String: Int] = [:]
  /// The request that is to be charged next.
  private var ended: String?
  private var metrics: [String: Int] = [:]

  init(_ world: World, _ ring: KeyRing, _ prompts: SharedPrompts) {
    self.world = world
    self.ring = ring
    self.prompts = prompts
    noteReload()
  }

  /// The server has other keys from now on.
  func noteReload() {
    world.tell("keys: \(ring.isOpen ? "open" : ring.keys.map { "\($0.name) \($0.limits)" }.joined(separator: ", "))")
    var accounts: [String: KeyAccount] = [:]
    for key in ring.isOpen ? [] : ring.keys {
      let old = self.accounts[key.name].flatMap { $0.limits == key.limits ? $0 : nil }
      accounts[key.name] = old ?? KeyAccount(key.limits)
    }
    self.accounts = accounts
    permissions.append(
      Set(accounts.filter { $0.value.limits.models?.contains(RequestMaker.model) != false }.keys))
  }

  /// Whether the key of a request that was let in allowed the model at some time since then, and whether it did not.
  func permission(of visit: Visit) -> (allowed: Bool, forbade: Bool) {
    guard let name = visit.name else { return (true, false) }
    let since = permissions[visit.arrival...]
    return (since.contains { $0.contains(name) }, since.contains { !$0.contains(name) })
  }

  /// A client sends a request.
  func note(_ request: ClientRequest) { sent[request.name] = request }

  func note(_ event: AccessControl.Event) {
    switch event {
    case .entered(let fields, let name, let refusal):
      guard let id = fields.first(where: { $0.name.canonicalName == "x-request-id" })?.value, let request = sent[id],
        let credential = request.credential, visits[id] == nil
      else { return world.fail("somebody is at the gate who is not to come there") }
      world.tell("request \(id) at the gate: \(name ?? "-"), \(refusal.map { "\($0.message)" } ?? "let in")")
      if let problem = enter(request, credential, name, refusal) { world.fail("request \(id) \(problem)") }
    case .left(let name): leave(name)
    case .charged(let name, let tokens): charge(name, tokens)
    }
  }

  // MARK: - At the gate

  /// - Returns: what is wrong.
  private func enter(
    _ request: ClientRequest, _ credential: Credential, _ name: String?, _ refusal: APIError?
  ) -> String? {
    var visit = Visit(request: request, name: name, refusal: refusal, arrival: permissions.count - 1)
    defer { visits[request.name] = visit }
    let owners = ring.owners(of: credential.secrets)
    if let refusal {
      metrics[
        name.map { "apus_key_requests_total{key=\"\($0)\",outcome=\"limited\"}" } ?? "apus_key_missing_total",
        default: 0] += 1
      return problem(of: refusal, name, owners)
    }
    if case .completion(let completion) = request.kind {
      visit.place = prompts.add(
        completion.tokens,
        to: SharedPrompts.Namespace(
          credential: name ?? credential.proof, user: credential.user, salt: completion.extras.salt))
    }
    guard let name else { return ring.isOpen ? nil : "is let in without a key" }
    guard !ring.isOpen, owners.contains(name) else { return "is let in as \(name) and has the keys of \(owners)" }
    metrics["apus_key_requests_total{key=\"\(name)\",outcome=\"admitted\"}", default: 0] += 1
    let before = max(present[name, default: 0], unlogged[name, default: 0])
    present[name, default: 0] += 1
    if request.isLogged { unlogged[name, default: 0] += 1 }
    return accounts[name]?.enter(present: before, at: world.time).map { "is let in beyond the limit: \($0)" }
  }

  private func problem(of refusal: APIError, _ name: String?, _ owners: Set<String>) -> String? {
    switch (refusal.statusCode, name) {
    case (401, nil):
      return owners.isEmpty && !ring.isOpen ? nil : "is refused and has the keys of \(owners)"
    case (429, let name?):
      let wait = refusal.headerFields.first { $0.name.canonicalName == "retry-after" }.flatMap { Int($0.value) }
      guard owners.contains(name), let wait, let account = accounts[name],
        account.explains(wait: wait, present: present[name, default: 0], at: world.time)
      else { return "is refused without a reason: \(refusal.message) Retry-After \(wait ?? -1)" }
      return nil
    default: return "is refused with \(refusal.statusCode)"
    }
  }

  private func leave(_ name: String) {
    present[name, default: 0] -= 1
    if present[name, default: 0] < unlogged[name, default: 0] { world.fail("a request of \(name) leaves and runs on") }
  }

  // MARK: - Charges

  /// The log has a line of a request that is over.
  func note(ended id: String, key: String?, isWhole: Bool) {
    guard var visit = visits[id], visit.refusal == nil, visit.name == key, !visit.isLogged else {
      return world.fail("the log has a line of request \(id) for \(key ?? "nobody")")
    }
    visit.isLogged = true
    visit.isWhole = isWhole
    visits[id] = visit
    guard let key else { return }
    unlogged[key, default: 0] -= 1
    ended = id
  }

  /// The log says that a request was cancelled when its replies had so many tokens.
  func note(cancelled id: String, after tokens: Int) { visits[id]?.cancelledAfter = tokens }

  private func charge(_ name: String, _ tokens: Int) {
    guard let id = ended, var visit = visits[id], visit.name == name, visit.charged == nil else {
      return world.fail("\(name) is charged with \(tokens) tokens, and no request of it is over")
    }
    world.tell("\(name) is charged with \(tokens) tokens for \(id)")
    ended = nil
    visit.charged = tokens
    visits[id] = visit
    accounts[name]?.take(tokens: tokens, at: world.time)
    metrics["apus_key_tokens_total{key=\"\(name)\"}", default: 0] += tokens
    if !visit.mayTake(tokens) || tokens > 0 && !permission(of: visit).allowed {
      world.fail("\(name) is charged with \(tokens) tokens for \(id), \(visit.request.kind)")
    }
  }

  // MARK: - When all is over

  /// Compares what is left with what has to be, and metrics with what was seen.
  func finish(_ access: AccessControl, _ registry: MetricRegistry) {
    for (id, visit) in visits where visit.name != nil && visit.refusal == nil && visit.request.isLogged {
      guard let charged = visit.charged else {
        world.fail("request \(id) is over, and nobody was charged")
        continue
      }
      if let problem = visit.problem(ofCharge: charged) { world.fail("request \(id): \(problem)") }
    }
    let left = present.filter { $0.value != 0 }
    if !left.isEmpty || !access.running.isEmpty { world.fail("requests run on: \(left), \(access.running)") }
    let text = String(decoding: registry.exposition(), as: UTF8.self)
    if text.contains(KeyRing.mark) { world.fail("metrics tell a secret") }
    var told: [String: Int] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("apus_key_") {
      let parts = line.split(separator: " ")
      if parts.count == 2, let value = Int(parts[1]), value > 0 { told[String(parts[0])] = value }
    }
    if told != metrics.filter({ $0.value > 0 }) { world.fail("metrics of keys are \(told) instead of \(metrics)") }
  }
}
