import Foundation
import JSON
import Serving

/// What a response object says of its request, and how it is put together.
struct ResponseObject: Sendable {
  let id = RequestIdentity.random(prefix: "resp_")
  /// The members that come from the request and stay the same.
  private let settings: JSONObject
  /// Unix seconds.
  private let created = Date().timeIntervalSince1970.rounded()

  /// - Parameter body: the request, checked.
  init(_ body: JSON, model: String, sampling: SamplingDefaults, isStored: Bool) {
    func given(_ name: String) -> JSON { body[name] ?? .null }
    func given(_ name: String, else standard: JSON) -> JSON { body[name].flatMap { $0.isNull ? nil : $0 } ?? standard }
    settings = [
      "background": given("background", else: false), "instructions": given("instructions"),
      "max_output_tokens": given("max_output_tokens"), "max_tool_calls": given("max_tool_calls"),
      "model": .string(model), "parallel_tool_calls": given("parallel_tool_calls", else: true),
      "previous_response_id": given("previous_response_id"), "prompt_cache_key": given("prompt_cache_key"),
      "reasoning": [
        "effort": body["reasoning"]?["effort"] ?? .null, "summary": body["reasoning"]?["summary"] ?? .null,
      ],
      "safety_identifier": given("safety_identifier"), "service_tier": given("service_tier", else: "default"),
      "store": .bool(isStored), "temperature": given("temperature", else: .double(sampling.temperature)),
      "text": [
        "format": body["text"]?["format"] ?? ["type": "text"], "verbosity": body["text"]?["verbosity"] ?? "medium",
      ],
      "tool_choice": given("tool_choice", else: "auto"), "tools": .array(Self.tools(body)),
      "top_logprobs": given("top_logprobs", else: 0), "top_p": given("top_p", else: .double(sampling.topP)),
      "truncation": given("truncation", else: "disabled"), "user": given("user"),
      "metadata": given("metadata", else: [:]),
    ]
  }

  /// Tools with all members a client may look for.
  private static func tools(_ body: JSON) -> [JSON] {
    (body["tools"]?.arrayValue ?? []).map { tool in
      var tool = tool.objectValue ?? [:]
      for name in ["description", "parameters", "strict"] where tool[name] == nil { tool[name] = .null }
      return .object(tool)
    }
  }

  /// The object in a certain state.
  func json(
    _ status: String, output: [JSON], usage: TokenUsage?, incomplete reason: String? = nil, error: APIError? = nil
  ) -> JSON {
    var object: JSONObject = [
      "id": .string(id), "object": "response", "created_at": .integer(Int(created)), "status": .string(status),
      "completed_at": status == "completed" ? .integer(Int(Date().timeIntervalSince1970)) : .null,
      "error": error.map { ["code": "server_error", "message": .string($0.message)] } ?? .null,
      "incomplete_details": reason.map { ["reason": .string($0)] } ?? .null, "output": .array(output),
    ]
    for (name, value) in settings { object[name] = value }
    object["usage"] = usage.map(Self.counts) ?? .null
    return .object(object)
  }

  private static func counts(_ usage: TokenUsage) -> JSON {
    [
      "input_tokens": .integer(usage.promptTokens),
      "input_tokens_details": ["cached_tokens": .integer(usage.cachedTokens), "cache_write_tokens": 0],
      "output_tokens": .integer(usage.completionTokens),
      "output_tokens_details": ["reasoning_tokens": .integer(usage.reasoningTokens)],
      "total_tokens": .integer(usage.promptTokens + usage.completionTokens),
    ]
  }
}
