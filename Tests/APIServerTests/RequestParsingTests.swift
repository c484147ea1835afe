import HTTPTypes
import JSON
import Serving
import Testing

@testable import APIServer

/// Every rule of the request body, without a server.
@Suite struct RequestParsingTests {
  private static func body(_ members: JSONObject) -> JSON { .asking("?", members) }

  /// A field, a value it cannot have, and the place the error has to name.
  private static let faults: [(field: String, value: String, place: String)] = [
    ("model", #"null"#, "model"),
    ("model", #"3"#, "model"),
    ("model", #""""#, "model"),
    ("messages", #"null"#, "messages"),
    ("messages", #""hello""#, "messages"),
    ("messages", #"[]"#, "messages"),
    ("messages", #"["hello"]"#, "messages[0]"),
    ("messages", #"[{"content": "x"}]"#, "messages[0].role"),
    ("messages", #"[{"role": "nobody", "content": "x"}]"#, "messages[0].role"),
    ("messages", #"[{"role": "function", "content": "x"}]"#, "messages[0].role"),
    ("messages", #"[{"role": "user"}]"#, "messages[0].content"),
    ("messages", #"[{"role": "user", "content": "x"}, {"role": "user", "content": 5}]"#, "messages[1].content"),
    ("messages", #"[{"role": "user", "content": [5]}]"#, "messages[0].content[0]"),
    ("messages", #"[{"role": "user", "content": [{"type": "text"}]}]"#, "messages[0].content[0].text"),
    ("messages", #"[{"role": "user", "content": [{"type": "image_url"}]}]"#, "messages[0].content[0].type"),
    ("messages", #"[{"role": "user", "content": [{"type": "input_audio"}]}]"#, "messages[0].content[0].type"),
    ("messages", #"[{"role": "tool", "content": "x"}]"#, "messages[0].tool_call_id"),
    ("messages", #"[{"role": "assistant", "tool_calls": 3}]"#, "messages[0].tool_calls"),
    ("messages", #"[{"role": "assistant", "tool_calls": [{}]}]"#, "messages[0].tool_calls[0].function"),
    (
      "messages", #"[{"role": "assistant", "tool_calls": [{"function": {"arguments": "{}"}}]}]"#,
      "messages[0].tool_calls[0].function.name"
    ),
    (
      "messages", #"[{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": 3}}]}]"#,
      "messages[0].tool_calls[0].function.arguments"
    ),
    ("messages", #"[{"role": "assistant", "function_call": {"name": "f"}}]"#, "messages[0].function_call"),
    ("temperature", #"2.5"#, "temperature"),
    ("temperature", #"-0.1"#, "temperature"),
    ("temperature", #""hot""#, "temperature"),
    ("top_p", #"1.5"#, "top_p"),
    ("min_p", #"-1"#, "min_p"),
    ("top_k", #""many""#, "top_k"),
    ("top_k", #"-2"#, "top_k"),
    ("top_k", #"1.5"#, "top_k"),
    ("seed", #""x""#, "seed"),
    ("max_tokens", #"0"#, "max_tokens"),
    ("max_completion_tokens", #"-1"#, "max_completion_tokens"),
    ("max_tokens", #"1.5"#, "max_tokens"),
    ("stop", #"["a", "b", "c", "d", "e"]"#, "stop"),
    ("stop", #"[1]"#, "stop[0]"),
    ("stop", #""""#, "stop"),
    ("stop", #"3"#, "stop"),
    ("stream_options", #"{"include_usage": true}"#, "stream_options"),
    ("n", #"129"#, "n"),
    ("n", #"0"#, "n"),
    ("logprobs", #"3"#, "logprobs"),
    ("top_logprobs", #"3"#, "top_logprobs"),
    ("top_logprobs", #"21"#, "top_logprobs"),
    ("logit_bias", #"{"5": 101}"#, "logit_bias.5"),
    ("logit_bias", #"{"5": "x"}"#, "logit_bias.5"),
    ("logit_bias", #"{"five": 1}"#, "logit_bias"),
    ("logit_bias", #"3"#, "logit_bias"),
    ("frequency_penalty", #"2.1"#, "frequency_penalty"),
    ("repetition_penalty", #"0"#, "repetition_penalty"),
    ("presence_penalty", #"3"#, "presence_penalty"),
    ("response_format", #"{"type": "json_object"}"#, "response_format"),
    ("response_format", #""text""#, "response_format"),
    ("modalities", #"["text", "audio"]"#, "modalities"),
    ("audio", #"{"voice": "x"}"#, "audio"),
    ("functions", #"[]"#, "functions"),
    ("function_call", #""auto""#, "function_call"),
    ("web_search_options", #"{}"#, "web_search_options"),
    ("thinking_budget", #"-1"#, "thinking_budget"),
    ("tools", #"3"#, "tools"),
    ("tools", #"[{"type": "custom"}]"#, "tools[0].type"),
    ("tools", #"[{"type": "function"}]"#, "tools[0].function"),
    ("tools", #"[{"type": "function", "function": {}}]"#, "tools[0].function.name"),
    ("tools", #"[{"type": "function", "function": {"name": "f", "parameters": 3}}]"#, "tools[0].function.parameters"),
    ("tool_choice", #""required""#, "tool_choice"),
    ("tool_choice", #"{"type": "function", "function": {"name": "f"}}"#, "tool_choice"),
    ("tool_choice", #""maybe""#, "tool_choice"),
    ("tool_choice", #"3"#, "tool_choice"),
    ("parallel_tool_calls", #""no""#, "parallel_tool_calls"),
    ("reasoning_effort", #""huge""#, "reasoning_effort"),
    ("enable_thinking", #""yes""#, "enable_thinking"),
    ("chat_template_kwargs", #"3"#, "chat_template_kwargs"),
    ("chat_template_kwargs", #"{"enable_thinking": 1}"#, "chat_template_kwargs.enable_thinking"),
    ("chat_template_kwargs", #"{"messages": []}"#, "chat_template_kwargs.messages"),
    ("service_tier", #"3"#, "service_tier"),
    ("stream", #""yes""#, "stream"),
  ]

  @Test(arguments: faults) func theFieldAtFaultIsNamed(_ field: String, _ value: String, _ place: String) throws {
    let body = Self.body([field: try JSON(parsing: value)])
    let error = #expect(throws: APIError.self) { try ChatCompletionRequest(body) }
    #expect(error?.parameter == place)
    #expect(error?.status == .badRequest)
    #expect(error?.message.contains(place) == true)
    #expect(error?.type == "invalid_request_error" && error?.code != nil)
  }

  @Test(arguments: [("5", "stream_options"), (#"{"include_usage": 1}"#, "stream_options.include_usage")])
  func streamOptionsAreChecked(_ value: String, _ place: String) throws {
    let body = Self.body(["stream": true, "stream_options": try JSON(parsing: value)])
    let error = #expect(throws: APIError.self) { try ChatCompletionRequest(body) }
    #expect(error?.parameter == place)
  }

  @Test func aBodyThatIsNoObjectIsRefused() {
    let error = #expect(throws: APIError.self) { try ChatCompletionRequest([1, 2]) }
    #expect(error?.parameter == nil && error?.code == "invalid_type")
  }

  @Test func valuesThatAskForNothingAreAccepted() throws {
    let request = try ChatCompletionRequest(
      Self.body([
        "n": 1, "logprobs": false, "top_logprobs": 0, "logit_bias": [:], "frequency_penalty": 0,
        "presence_penalty": 0.0,
        "response_format": ["type": "text"], "modalities": ["text"], "tool_choice": "auto", "tools": [], "stop": .null,
        "stream": false, "seed": .null, "audio": .null, "functions": .null, "store": true, "metadata": ["a": "b"],
        "user": "u", "safety_identifier": "s", "prompt_cache_key": "k", "verbosity": "low", "prediction": [:],
      ]))
    #expect(request.ignoredFields.isEmpty)
    #expect(request.stop.isEmpty && request.seed == nil && !request.isStreamed && request.maximumTokens == nil)
  }

  @Test func valuesAreTaken() throws {
    let request = try ChatCompletionRequest(
      Self.body([
        "temperature": 0.5, "top_p": 0.9, "top_k": -1, "min_p": 0.1, "seed": -1, "max_tokens": 5,
        "max_completion_tokens": 7, "stop": ["a", "b"], "stream": true, "stream_options": ["include_usage": true],
        "n": 3, "logprobs": true, "top_logprobs": 4, "frequency_penalty": 0.5, "presence_penalty": -1,
        "repetition_penalty": 1.1, "logit_bias": ["7": -100, "8": 2.5], "thinking_budget": 50,
        "parallel_tool_calls": false, "reasoning_effort": "low", "enable_thinking": true, "service_tier": "flex",
        "chat_template_kwargs": ["enable_thinking": true, "x": 1],
      ]))
    var sampling = SamplingOverrides(temperature: 0.5, topP: 0.9, topK: 0, minP: 0.1)
    sampling.frequencyPenalty = 0.5
    sampling.presencePenalty = -1
    sampling.repetitionPenalty = 1.1
    sampling.bias = [7: -100, 8: 2.5]
    #expect(request.sampling == sampling)
    #expect(request.choices == 3 && request.scoredAlternatives == 4 && request.thinkingBudget == 50)
    #expect(request.seed == .max)
    #expect(request.maximumTokens == 7)
    #expect(request.stop == ["a", "b"])
    #expect(request.isStreamed && request.includesUsage && !request.allowsParallelToolCalls)
    #expect(
      request.modeChoice == .init(enableThinking: true, templateArgument: true, reasoningEffort: "low"))
    #expect(request.templateArguments == ["x": 1])
    #expect(request.serviceTier == "flex")
  }

  @Test func wishesForTheCacheAreTaken() throws {
    func part(_ text: String, _ breakpoint: JSON) -> JSON {
      ["type": "text", "text": .string(text), "prompt_cache_breakpoint": breakpoint]
    }
    func read(_ breakpoint: JSON) throws -> ChatCompletionRequest {
      try ChatCompletionRequest([
        "model": "m", "cache_salt": "s", "cache_report": true,
        "messages": [
          ["role": "system", "content": [part("a", .null), part("b", breakpoint)]], ["role": "user", "content": "c"],
          ["role": "user", "content": [part("d", breakpoint), part("e", breakpoint)]],
        ],
      ])
    }
    let request = try read(["mode": "explicit"])
    #expect(request.cacheBreakpoints == [0, 2] && request.cacheSalt == "s" && request.wantsCacheReport)
    #expect(request.ignoredFields.isEmpty)
    #expect(try read(.null).cacheBreakpoints.isEmpty)
    #expect(throws: APIError.self) { try read(["mode": "implicit"]) }
    #expect(throws: APIError.self) { try read(true) }
  }

  @Test func unknownFieldsAreListedByPlace() throws {
    let request = try ChatCompletionRequest(
      .object([
        "model": "demo", "tempratur": 1, "stream": true, "stream_options": ["x": 1],
        "messages": [
          ["role": "user", "content": [["type": "text", "text": "a", "cache_control": [:]]], "mood": "good"]
        ],
        "tools": [["type": "function", "function": ["name": "f", "strict": true]]],
      ]))
    #expect(
      Set(request.ignoredFields)
        == [
          "tempratur", "stream_options.x", "messages[0].content[0].cache_control", "messages[0].mood",
          "tools[0].function.strict",
        ])
  }

  @Test func toolsKeepTheirOrderAndNoneHidesThem() throws {
    let tools: JSON = [
      ["type": "function", "function": ["name": "b", "parameters": ["z": 1, "a": 2]]],
      ["type": "function", "function": ["name": "a"]],
    ]
    #expect(try JSON.array(ChatCompletionRequest(Self.body(["tools": tools])).tools).serialized() == tools.serialized())
    #expect(try ChatCompletionRequest(Self.body(["tools": tools, "tool_choice": "none"])).tools.isEmpty)
  }
}
