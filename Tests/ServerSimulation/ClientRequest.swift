import JSON

/// One request as a client sends it, and what is right to come back.
struct ClientRequest {
  enum Kind {
    /// Answered whatever the load is.
    case plain(status: Int)
    /// Asks whether the server is alive: it is, unless a step takes as long as the machine stands still.
    case health
    /// A completion of `prompt` by `maximum` tokens, `choices` times.
    case completion(Completion)
    /// Malformed: answered with one of these, and then the connection ends.
    case malformed(statuses: Set<Int>)
  }

  struct Completion {
    let prompt: [Int32]
    let reply: ModelScript.Reply
    let choices: Int
    let isStreamed: Bool
    /// It has a deadline, and may be refused for it.
    let isUrgent: Bool
    /// Prompt and reply do not fit into a context.
    let isTooLong: Bool
    /// It is a conversation's.
    let isChat: Bool
    let extras: BodyExtras

    var promptTokens: Int { prompt.count }
    /// All that is computed for a choice.
    var tokens: [Int32] { prompt + reply.ids }
  }

  let kind: Kind
  /// As the server's log names it.
  let name: String
  /// Who sends it; nil where nobody asks.
  var credential: Credential?
  let head: [UInt8]
  let body: [UInt8]
  let expectsContinue: Bool
  let isHead: Bool
  let isHTTP11: Bool
  let closes: Bool

  var byteCount: Int { head.count + body.count }
  var isCompletion: Bool { if case .completion = kind { true } else { false } }
  /// Whether it makes tokens, or wants to, so that the log has a line of it once it was let in.
  var isLogged: Bool { credential != nil && !body.isEmpty }
}

/// Makes requests as the seed wants them.
struct RequestMaker {
  let world: World
  let script: ModelScript
  let scenario: Scenario
  let ring: KeyRing
  private(set) var count = 0

  /// The name of the model.
  static let model = "sim"

  init(_ world: World, _ script: ModelScript, _ scenario: Scenario, _ ring: KeyRing) {
    self.world = world
    self.script = script
    self.scenario = scenario
    self.ring = ring
  }

  mutating func make(tenant: Int, allowsMalformed: Bool) -> ClientRequest {
    count += 1
    switch world.int(0...99) {
    case 0..<4: return plain("GET", "/health", .health)
    case 4..<6:
      guard ring.hasKeys, ring.chance.happens(700_000) else { return plain("GET", "/nowhere", .plain(status: 404)) }
      return plain("GET", "/v1/models", .plain(status: 200), ring.credential(tenant: tenant))
    case 6..<8: return plain("HEAD", "/health", .health)
    case 8..<9: return plain("PUT", "/v1/completions", .plain(status: 405))
    case 9..<11: return post("/v1/completions", "{\"model\":", kind: .plain(status: 400), tenant: tenant, urgency: nil)
    case 11..<14 where allowsMalformed: return malformed()
    case 14..<16: return chat(tenant: tenant)
    default: return completion(tenant: tenant)
    }
  }

  private func plain(
    _ method: String, _ path: String, _ kind: ClientRequest.Kind, _ credential: Credential? = nil
  ) -> ClientRequest {
    let closes = world.happens(100_000)
    var head = "\(method) \(path) HTTP/1.1\r\nHost: simulation\r\nX-Request-ID: r\(count)\r\n"
    head += credential?.fields ?? ""
    if closes { head += "Connection: close\r\n" }
    head += method == "PUT" ? "Content-Length: 0\r\n\r\n" : "\r\n"
    return ClientRequest(
      kind: kind, name: "r\(count)", credential: credential, head: Array(head.utf8), body: [], expectsContinue: false,
      isHead: method == "HEAD", isHTTP11: true, closes: closes)
  }

  private func malformed() -> ClientRequest {
    let isHead = world.happens(300_000)
    let (get, post) = isHead ? ("HEAD", "HEAD") : ("GET", "POST")
    let (text, statuses): (String, Set<Int>) =
      switch world.int(0...5) {
      case 0: ("\(get) /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", [400])
      case 1: ("\(post) /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", [400])
      case 2:
        (
          "\(post) /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
          [400]
        )
      case 3: ("\(get) /" + String(repeating: "a", count: 2000) + " HTTP/1.1\r\nHost: a\r\n\r\n", [414])
      case 4:
        (
          "\(get) /health HTTP/1.1\r\nHost: a\r\n"
            + String(repeating: "X-Much: " + String(repeating: "b", count: 100) + "\r\n", count: 400) + "\r\n", [431]
        )
      default: ("\(get) /health HTTP/1.1\nHost: a\n\n", [400])
      }
    return ClientRequest(
      kind: .malformed(statuses: statuses), name: "r\(count)", head: Array(text.utf8), body: [],
      expectsContinue: false, isHead: isHead, isHTTP11: true, closes: true)
  }

  private func completion(tenant: Int) -> ClientRequest {
    // Prompts of a family begin alike, so that much can be reused.
    let family = world.int(0...scenario.families - 1)
    let isTooLong = world.happens(10_000)
    let shared = world.int(0...min(256, scenario.contextLength - 8))
    let own = isTooLong ? scenario.contextLength + 1 : world.int(1...7)
    var prompt = (0..<shared).map { script.word(family * 7 + $0 * (family + 3)) }
    for _ in 0..<own { prompt.append(script.word(world.int(0...63))) }
    let maximum = min(world.magnitude(1...48), max(1, scenario.contextLength - prompt.count))
    let choices = world.happens(100_000) ? world.int(2...3) : 1
    let isStreamed = world.happens(600_000)
    let urgency = world.happens(50_000) ? world.magnitude(1...5000) : nil
    let extras = ring.extras(isStreamed: isStreamed)
    var body = "{\"model\":\"\(Self.model)\",\"prompt\":[" + prompt.map(String.init).joined(separator: ",")
    body += "],\"max_tokens\":\(maximum),\"temperature\":0"
    if choices > 1 { body += ",\"n\":\(choices)" }
    if isStreamed { body += ",\"stream\":true" }
    if world.happens(100_000) { body += ",\"priority\":\(world.int(-3...3))" }
    for (name, value) in extras.members { body += ",\"\(name)\":\(value.serialized())" }
    body += "}"
    let completion = ClientRequest.Completion(
      prompt: prompt, reply: script.reply(to: prompt, maximum: maximum), choices: choices, isStreamed: isStreamed,
      isUrgent: urgency != nil, isTooLong: isTooLong, isChat: false, extras: extras)
    return post("/v1/completions", body, kind: .completion(completion), tenant: tenant, urgency: urgency)
  }

  private func chat(tenant: Int) -> ClientRequest {
    var messages: [JSON] = []
    func say(_ role: String, _ words: Int) {
      let text = (0..<words).map { _ in "word\(world.int(0...9))" }.joined(separator: " ")
      messages.append(["role": .string(role), "content": .string(text)])
    }
    if world.happens(500_000) { say("system", 2) }
    for _ in 0..<world.int(0...1) {
      say("user", 1)
      say("assistant", 2)
    }
    say("user", world.int(1...6))
    guard let prompt = try? script.prompt(messages) else {
      world.fail("the template refuses a conversation")
      return plain("GET", "/health", .health)
    }
    let isTooLong = prompt.count >= scenario.contextLength
    let maximum = min(world.magnitude(1...32), max(1, scenario.contextLength - prompt.count))
    let isStreamed = world.happens(600_000)
    let extras = ring.extras(isStreamed: isStreamed)
    var body: JSONObject = [
      "model": .string(Self.model), "messages": .array(messages), "max_tokens": .integer(maximum), "temperature": 0,
      "stream": .bool(isStreamed), "enable_thinking": false,
    ]
    for (name, value) in extras.members { body[name] = value }
    let completion = ClientRequest.Completion(
      prompt: prompt, reply: script.reply(to: prompt, maximum: maximum), choices: 1, isStreamed: isStreamed,
      isUrgent: false, isTooLong: isTooLong, isChat: true, extras: extras)
    return post(
      "/v1/chat/completions", JSON.object(body).serialized(), kind: .completion(completion), tenant: tenant,
      urgency: nil)
  }

  private func post(
    _ path: String, _ text: String, kind: ClientRequest.Kind, tenant: Int, urgency: Int?
  ) -> ClientRequest {
    let isHTTP11 = !world.happens(50_000)
    let closes = !isHTTP11 || world.happens(100_000)
    let credential = ring.credential(tenant: tenant)
    var head = "POST \(path) HTTP/1.\(isHTTP11 ? 1 : 0)\r\nHost: simulation\r\nX-Request-ID: r\(count)\r\n"
    head += "Content-Type: application/json\r\n\(credential.fields)"
    if let urgency { head += "x-llm-d-slo-ttft-ms: \(urgency)\r\n" }
    if closes, isHTTP11 { head += "Connection: close\r\n" }
    let expectsContinue = isHTTP11 && world.happens(50_000)
    if expectsContinue { head += "Expect: 100-continue\r\n" }
    var body = Array(text.utf8)
    if isHTTP11, world.happens(200_000) {
      head += "Transfer-Encoding: chunked\r\n\r\n"
      body = chunked(body)
    } else {
      head += "Content-Length: \(body.count)\r\n\r\n"
    }
    return ClientRequest(
      kind: kind, name: "r\(count)", credential: credential, head: Array(head.utf8), body: body,
      expectsContinue: expectsContinue, isHead: false, isHTTP11: isHTTP11, closes: closes)
  }

  private func chunked(_ bytes: [UInt8]) -> [UInt8] {
    var rest = bytes[...]
    var coded: [UInt8] = []
    while !rest.isEmpty {
      let count = world.magnitude(1...rest.count)
      coded += Array("\(String(count, radix: 16))\r\n".utf8) + rest.prefix(count) + [0x0D, 0x0A]
      rest = rest.dropFirst(count)
    }
    return coded + Array("0\r\n\r\n".utf8)
  }
}
