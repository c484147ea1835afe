import HTTPTypes
import JSON
import Serving
import Testing

@testable import APIServer

/// Every rule of the request body, without a server.
@Suite struct RequestParsingTests {
  private static func body(_ members: JSONObject) -> JSON { .asking("?", members) }

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
        "response_format": ["type": "text"], "modalities": ["text"], "tools": [], "stop": .null,
        "stream": false, "seed": .null, "audio": .null, "functions": .null, "store": true, "metadata": ["a": "b"],
        "user": "u", "safety_identifier": "s", "prompt_cache_key": "k", "verbosity": "low", "prediction": [:],
        "prompt_cache_options": ["mode": "implicit"], "prompt_cache_retention": "24h", "tool_choice": "auto",
        "thinking": ["type": "adaptive"], "reasoning": ["exclude": false], "add_generation_prompt": true,
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
    #expect(request.choices == 3 && request.scoredAlternatives == 4)
    #expect(request.seed == .max)
    #expect(request.maximumTokens == 7)
    #expect(request.stop == ["a", "b"])
    #expect(request.isStreamed && request.includesUsage && !request.tools.allowsParallelCalls)
    #expect(request.modeChoice.effort == "low")
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
        ])
  }

  @Test func toolsKeepTheirOrderAndAChoiceHidesSome() throws {
    let tools: JSON = [
      ["type": "function", "function": ["name": "b", "parameters": ["z": 1, "a": 2]]],
      ["type": "function", "function": ["name": "a"]],
    ]
    #expect(
      try JSON.array(ChatCompletionRequest(Self.body(["tools": tools])).tools.tools).serialized() == tools.serialized())
    #expect(try ChatCompletionRequest(Self.body(["tools": tools, "tool_choice": "none"])).tools.tools.isEmpty)
    let allowed: JSON = [
      "type": "allowed_tools",
      "allowed_tools": ["mode": "auto", "tools": [["type": "function", "function": ["name": "a"]]]],
    ]
    let chosen = try ChatCompletionRequest(Self.body(["tools": tools, "tool_choice": allowed])).tools.tools
    #expect(chosen == [["type": "function", "function": ["name": "a"]]])
  }

  @Test func choicesThatAskForACall() throws {
    let tools: JSON = [
      ["type": "function", "function": ["name": "b"]], ["type": "function", "function": ["name": "a"]],
    ]
    func read(_ choice: JSON) throws -> ToolFields {
      try ChatCompletionRequest(Self.body(["tools": tools, "tool_choice": choice])).tools
    }
    #expect(try read("required").choice == .required)
    #expect(try read(["type": "function", "function": ["name": "a"]]).choice == .function("a"))
    #expect(try read("auto").choice == .automatic && read("none").choice == .automatic)
    let allowed = try read([
      "type": "allowed_tools",
      "allowed_tools": ["mode": "required", "tools": [["type": "function", "function": ["name": "a"]]]],
    ])
    #expect(allowed.choice == .required && allowed.tools.count == 1 && allowed.places == ["tools[1].function"])
  }
}
