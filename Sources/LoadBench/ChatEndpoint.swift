import HTTP
import HTTPTypes
public import JSON

/// A server's `/v1/chat/completions`, as a client that streams sees it.
public struct ChatEndpoint: Sendable {
  /// What every request says.
  public struct Options: Sendable {
    /// The model's name; nil: the first one the server lists.
    public var model: String?
    /// Sent as a bearer token.
    public var apiKey: String?
    /// Further members of every request's body.
    public var body: JSONObject = [:]
    /// How long a reply may take.
    public var timeout = Duration.seconds(600)

    /// A request that says nothing more.
    public init() {}
  }

  /// What came of one request.
  struct Reply {
    /// The times at which pieces of the reply were received.
    var pieces: [ContinuousClock.Instant] = []
    var content = ""
    var promptTokens: Int?
    var cachedTokens: Int?
    var outputTokens: Int?
    var acceptedDrafts: Int?
    var rejectedDrafts: Int?
    var end: ContinuousClock.Instant
  }

  /// Why there is no whole reply.
  enum Failure: Error {
    /// The server would not take the request for now.
    case refused(String)
    case failed(String)
  }

  private let client: HTTPClient
  private let options: Options
  /// The model that is asked.
  public let model: String

  /// Bytes of an error's body that are looked at.
  private static let errorBytes = 64 * 1024

  /// An endpoint of the server at `url`, with or without `/v1` at its end.
  public init(url: String, options: Options) async throws {
    var base = url
    while base.hasSuffix("/") { base.removeLast() }
    if base.hasSuffix("/v1") { base.removeLast(3) }
    var limits = HTTPLimits()
    limits.bodyBytes = 1 << 30
    client = try HTTPClient(url: base, limits: limits)
    self.options = options
    if let model = options.model {
      self.model = model
    } else {
      model = try await Self.firstModel(client, options)
    }
  }

  private static func firstModel(_ client: HTTPClient, _ options: Options) async throws -> String {
    let path = "/v1/models"
    let body: [UInt8]
    do {
      let response = try await client.send(.get, path, fields: fields(options), timeout: .seconds(30))
      body = try await response.rest()
      guard response.status == 200 else {
        throw LoadBenchError.unexpectedAnswer(path: path, expected: "status 200", found: "\(response.status)")
      }
    } catch let error as HTTPClientError {
      throw LoadBenchError.requestFailed(path: path, reason: "\(error)")
    }
    guard let name = (try? JSON(parsing: body))?["data"]?[0]?["id"]?.stringValue else {
      throw LoadBenchError.unexpectedAnswer(
        path: path, expected: "a list of models; name one with --model",
        found: String(decoding: body.prefix(100), as: UTF8.self))
    }
    return name
  }

  private static func fields(_ options: Options, tenant: Int = 0) -> HTTPFields {
    var fields: HTTPFields = [.contentType: "application/json"]
    if let key = options.apiKey { fields[.authorization] = "Bearer \(key)" }
    if tenant > 0, let name = HTTPField.Name("x-llm-d-inference-fairness-id") { fields[name] = "tenant-\(tenant)" }
    return fields
  }

  /// Sends messages and reads the stream that comes back.
  func reply(to messages: [Message], maximumTokens: Int, tenant: Int = 0) async throws(Failure) -> Reply {
    var body: JSONObject = [
      "model": .string(model), "messages": .array(messages.map(\.json)), "max_tokens": .integer(maximumTokens),
      "temperature": 0, "stream": true, "stream_options": ["include_usage": true],
    ]
    for (key, value) in options.body { body[key] = value }
    var bytes: [UInt8] = []
    JSON.object(body).append(to: &bytes)
    do {
      let response = try await client.send(
        .post, "/v1/chat/completions", fields: Self.fields(options, tenant: tenant), body: bytes,
        timeout: options.timeout)
      guard response.status == 200 else { throw await failure(of: response) }
      return try await read(response)
    } catch let error as HTTPClientError {
      throw .failed("\(error)")
    } catch let error as Failure {
      throw error
    } catch {
      throw .failed("\(error)")
    }
  }

  private func failure(of response: HTTPClientResponse) async -> Failure {
    let body = ((try? await response.rest()) ?? []).prefix(Self.errorBytes)
    let message = (try? JSON(parsing: body))?["error"]?["message"]?.stringValue
    let text = "status \(response.status)" + (message.map { ": \($0)" } ?? "")
    return response.status == 429 || response.status == 503 ? .refused(text) : .failed(text)
  }

  private func read(_ response: HTTPClientResponse) async throws -> Reply {
    var reply = Reply(end: response.received)
    var events = EventStreamReader()
    while true {
      let pieces = try await response.next()
      guard !pieces.isEmpty else { throw Failure.failed("the stream ended without [DONE]") }
      for piece in pieces {
        for event in try events.read(piece.bytes) {
          if event.elementsEqual("[DONE]".utf8) {
            await response.cancel()
            reply.end = piece.received
            return reply
          }
          try reply.add(event, at: piece.received)
        }
      }
    }
  }
}

/// A message of a conversation.
struct Message: Sendable {
  let role: String
  let content: String

  var json: JSON { ["role": .string(role), "content": .string(content)] }
}

extension ChatEndpoint.Reply {
  /// Takes in one chunk of the stream.
  fileprivate mutating func add(_ event: [UInt8], at received: ContinuousClock.Instant) throws {
    let chunk: JSON
    do {
      chunk = try JSON(parsing: event)
    } catch {
      throw ChatEndpoint.Failure.failed("a chunk that is not JSON: \(error)")
    }
    if let error = chunk["error"], !error.isNull {
      throw ChatEndpoint.Failure.failed(error["message"]?.stringValue ?? error.serialized())
    }
    if let delta = chunk["choices"]?[0]?["delta"] {
      let text = delta["content"]?.stringValue ?? ""
      let thought = delta["reasoning_content"]?.stringValue ?? delta["reasoning"]?.stringValue ?? ""
      let calls = delta["tool_calls"]?.arrayValue ?? []
      if !text.isEmpty || !thought.isEmpty || !calls.isEmpty { pieces.append(received) }
      content += text
    }
    if let usage = chunk["usage"], !usage.isNull {
      promptTokens = usage["prompt_tokens"]?.intValue
      outputTokens = usage["completion_tokens"]?.intValue
      cachedTokens = usage["prompt_tokens_details"]?["cached_tokens"]?.intValue ?? cachedTokens
      let details = usage["completion_tokens_details"]
      acceptedDrafts = details?["accepted_prediction_tokens"]?.intValue ?? acceptedDrafts
      rejectedDrafts = details?["rejected_prediction_tokens"]?.intValue ?? rejectedDrafts
    }
    // llama-server says these here.
    let timings = chunk["timings"]
    if let cached = timings?["cache_n"]?.intValue { cachedTokens = cached }
    if let drafted = timings?["draft_n"]?.intValue, let accepted = timings?["draft_n_accepted"]?.intValue {
      (acceptedDrafts, rejectedDrafts) = (accepted, drafted - accepted)
    }
  }
}
