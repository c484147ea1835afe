import JSON

/// What a request's head says of who sends it.
struct Credential {
  /// Header fields, each with the end of its line.
  private(set) var fields = ""
  /// Secrets in places where the server looks for them.
  private(set) var secrets: [String] = []
  private var authorization: String?
  private var apiKey: String?
  /// The user of the key, as a gateway names it.
  fileprivate(set) var user: String?
  /// The name is none, and the request wrong.
  fileprivate(set) var isUserWrong = false

  init() {}

  /// What tells tenants apart where everybody is let in.
  var proof: String? { authorization ?? apiKey }

  /// A key in the field of OpenAI's clients.
  init(bearer secret: String, scheme: String = "Bearer ") { add("Authorization", scheme + secret, secret) }

  /// Adds a field that counts as a place for a secret.
  fileprivate mutating func add(_ name: String, _ value: String, _ secret: String?) {
    fields += "\(name): \(value)\r\n"
    if let secret { secrets.append(secret) }
    if name.lowercased() == "authorization" { authorization = value } else { apiKey = value }
  }

  fileprivate mutating func name(_ user: String) {
    self.user = user
    fields += "x-llm-d-inference-fairness-id: \(user)\r\n"
  }
}

/// What a request asks of the cache and its usage.
struct BodyExtras {
  var salt: String?
  var includesUsage = false

  var members: JSONObject {
    var members = JSONObject()
    if let salt { members["cache_salt"] = .string(salt) }
    if includesUsage { members["stream_options"] = ["include_usage": true] }
    return members
  }
}

extension KeyRing {
  /// Who a request of a tenant says that it is of: mostly the holder of a key, that may have been revoked.
  func credential(tenant: Int) -> Credential {
    guard hasKeys else { return Credential(bearer: "tenant\(tenant)") }
    var credential = proof(of: secret(of: tenant))
    if chance.happens(400_000) { credential.name("user\(chance.int(1...2))") }
    if credential.user == nil, chance.happens(10_000) {
      credential.isUserWrong = true
      credential.name(String(repeating: "u", count: chance.happens(500_000) ? 0 : 257))
    }
    return credential
  }

  private func secret(of tenant: Int) -> String {
    let known = (keys + revoked).sorted { $0.name < $1.name }
    return known[tenant % known.count].secret
  }

  private func proof(of secret: String) -> Credential {
    var credential = Credential()
    let wrong = chance.element(of: formerSecrets + [makeSecret(), secret + "0", String(secret.dropLast())]) ?? secret
    switch chance.int(0...99) {
    case 0..<4: break
    case 4..<8: credential.add("Authorization", "Bearer \(wrong)", wrong)
    case 8..<12: credential.add("X-API-Key", wrong, wrong)
    case 12..<14: credential.add("Authorization", "Basic \(secret)", nil)
    case 14..<18:
      credential.add("Authorization", "Bearer \(wrong)", wrong)
      credential.add("x-api-key", secret, secret)
    case 18..<22:
      credential.add("x-api-key", wrong, wrong)
      credential.add("authorization", "bearer  \(secret)", secret)
    case 22..<24:
      credential.add("Authorization", "Bearer \(secret)", secret)
      let other = self.secret(of: chance.int(0...3))
      credential.add("x-api-key", other, other)
    case 24..<50: credential.add("x-api-key", secret, secret)
    default: credential.add("Authorization", "Bearer \(secret)", secret)
    }
    return credential
  }

  func extras(isStreamed: Bool) -> BodyExtras {
    guard hasKeys else { return BodyExtras() }
    var extras = BodyExtras()
    if chance.happens(300_000) { extras.salt = "salt\(chance.int(1...2))" }
    if isStreamed { extras.includesUsage = chance.happens(500_000) }
    return extras
  }
}
