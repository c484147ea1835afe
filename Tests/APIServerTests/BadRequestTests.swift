import APIServer
import JSON
import TestSupport
import Testing

/// Requests with something wrong, and what is said of them: status, type, param and code, to the letter.
@Suite struct BadRequestTests {
  /// One fault: a member of the body, a value it cannot have, and what the error names.
  private struct Fault {
    let field: String
    let value: String
    let parameter: String
    let code: String

    init(_ field: String, _ value: String, _ parameter: String, _ code: String) {
      (self.field, self.value, self.parameter, self.code) = (field, value, parameter, code)
    }
  }

  private static let user = #"{"role": "user", "content": "x"}"#
  private static let assistant = #"{"role": "assistant", "content": "x"}"#
  /// One member more than `metadata` may have.
  private static let many = (0..<17).map { "\"\($0)\": \"x\"" }.joined(separator: ", ")
  private static let f = #"[{"type": "function", "function": {"name": "f"}}]"#

  private static let messages: [Fault] = [
    Fault("model", "null", "model", "missing_required_parameter"),
    Fault("model", "3", "model", "invalid_type"),
    Fault("model", #""""#, "model", "invalid_value"),
    Fault("messages", "null", "messages", "missing_required_parameter"),
    Fault("messages", #""hello""#, "messages", "invalid_type"),
    Fault("messages", "[]", "messages", "invalid_value"),
    Fault("messages", #"["hello"]"#, "messages[0]", "invalid_type"),
    Fault("messages", #"[{"content": "x"}]"#, "messages[0].role", "missing_required_parameter"),
    Fault("messages", #"[{"role": "nobody", "content": "x"}]"#, "messages[0].role", "invalid_value"),
    Fault("messages", #"[{"role": "function", "content": "x"}]"#, "messages[0].role", "unsupported_parameter"),
    Fault("messages", #"[{"role": "user"}]"#, "messages[0].content", "missing_required_parameter"),
    Fault("messages", "[\(user), {\"role\": \"user\", \"content\": 5}]", "messages[1].content", "invalid_type"),
    Fault("messages", #"[{"role": "user", "content": [5]}]"#, "messages[0].content[0]", "invalid_type"),
    Fault(
      "messages", #"[{"role": "user", "content": [{"type": "text"}]}]"#, "messages[0].content[0].text",
      "missing_required_parameter"),
    Fault(
      "messages", #"[{"role": "user", "content": [{"type": "image_url"}]}]"#, "messages[0].content[0].type",
      "unsupported_parameter"),
    Fault(
      "messages", #"[{"role": "user", "content": [{"type": "input_audio"}]}]"#, "messages[0].content[0].type",
      "unsupported_parameter"),
    Fault(
      "messages", #"[{"role": "user", "content": [{"type": "smell"}]}]"#, "messages[0].content[0].type",
      "invalid_value"),
    Fault("messages", #"[{"role": "tool", "content": "x"}]"#, "messages[0].tool_call_id", "missing_required_parameter"),
    Fault("messages", #"[{"role": "assistant", "tool_calls": 3}]"#, "messages[0].tool_calls", "invalid_type"),
    Fault(
      "messages", #"[{"role": "assistant", "tool_calls": [{}]}]"#, "messages[0].tool_calls[0].function",
      "missing_required_parameter"),
    Fault(
      "messages", #"[{"role": "assistant", "tool_calls": [{"function": {"arguments": "{}"}}]}]"#,
      "messages[0].tool_calls[0].function.name", "missing_required_parameter"),
    Fault(
      "messages", #"[{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": 3}}]}]"#,
      "messages[0].tool_calls[0].function.arguments", "invalid_type"),
    Fault(
      "messages", #"[{"role": "assistant", "function_call": {"name": "f"}}]"#, "messages[0].function_call",
      "unsupported_parameter"),
    Fault("continue_final_message", "true", "continue_final_message", "invalid_value"),
    Fault("continue_final_message", "1", "continue_final_message", "invalid_type"),
    Fault("add_generation_prompt", #""no""#, "add_generation_prompt", "invalid_type"),
  ]

  private static let sampling: [Fault] = [
    Fault("temperature", "2.5", "temperature", "invalid_value"),
    Fault("temperature", "-0.1", "temperature", "invalid_value"),
    Fault("temperature", #""hot""#, "temperature", "invalid_type"),
    Fault("top_p", "1.5", "top_p", "invalid_value"),
    Fault("min_p", "-1", "min_p", "invalid_value"),
    Fault("top_k", #""many""#, "top_k", "invalid_type"),
    Fault("top_k", "-2", "top_k", "invalid_value"),
    Fault("top_k", "1.5", "top_k", "invalid_value"),
    Fault("seed", #""x""#, "seed", "invalid_type"),
    Fault("max_tokens", "0", "max_tokens", "invalid_value"),
    Fault("max_tokens", "1.5", "max_tokens", "invalid_value"),
    Fault("max_completion_tokens", "-1", "max_completion_tokens", "invalid_value"),
    Fault("stop", #"["a", "b", "c", "d", "e"]"#, "stop", "invalid_value"),
    Fault("stop", "[1]", "stop[0]", "invalid_type"),
    Fault("stop", #""""#, "stop", "invalid_value"),
    Fault("stop", "3", "stop", "invalid_type"),
    Fault("n", "129", "n", "invalid_value"),
    Fault("n", "0", "n", "invalid_value"),
    Fault("n", "128", "n", "invalid_value"),
    Fault("logprobs", "3", "logprobs", "invalid_type"),
    Fault("top_logprobs", "3", "top_logprobs", "invalid_value"),
    Fault("top_logprobs", "21", "top_logprobs", "invalid_value"),
    Fault("logit_bias", #"{"5": 101}"#, "logit_bias.5", "invalid_value"),
    Fault("logit_bias", #"{"5": "x"}"#, "logit_bias.5", "invalid_type"),
    Fault("logit_bias", #"{"five": 1}"#, "logit_bias", "invalid_value"),
    Fault("logit_bias", #"{"99999999": 1}"#, "logit_bias", "invalid_value"),
    Fault("logit_bias", "3", "logit_bias", "invalid_type"),
    Fault("frequency_penalty", "2.1", "frequency_penalty", "invalid_value"),
    Fault("presence_penalty", "-3", "presence_penalty", "invalid_value"),
    Fault("repetition_penalty", "0", "repetition_penalty", "invalid_value"),
  ]

  private static let tools: [Fault] = [
    Fault("tools", "3", "tools", "invalid_type"),
    Fault("tools", #"[{"type": "custom"}]"#, "tools[0].type", "unsupported_parameter"),
    Fault("tools", #"[{"type": "function"}]"#, "tools[0].function", "missing_required_parameter"),
    Fault("tools", #"[{"type": "function", "function": {}}]"#, "tools[0].function.name", "missing_required_parameter"),
    Fault(
      "tools", #"[{"type": "function", "function": {"name": "f", "parameters": 3}}]"#, "tools[0].function.parameters",
      "invalid_type"),
    Fault(
      "tools", "[\(f.dropFirst().dropLast()), \(f.dropFirst().dropLast())]", "tools[1].function.name", "invalid_value"),
    Fault("tool_choice", #""required""#, "tool_choice", "invalid_value"),
    Fault("tool_choice", #""maybe""#, "tool_choice", "invalid_value"),
    Fault("tool_choice", "3", "tool_choice", "invalid_type"),
    Fault("tool_choice", #"{"type": "sometimes"}"#, "tool_choice.type", "invalid_value"),
    Fault("tool_choice", #"{"type": "custom"}"#, "tool_choice.type", "unsupported_parameter"),
    Fault(
      "tool_choice", #"{"type": "function", "function": {"name": "f"}}"#, "tool_choice.function.name", "invalid_value"),
    Fault(
      "tool_choice", #"{"type": "allowed_tools"}"#, "tool_choice.allowed_tools", "missing_required_parameter"),
    Fault(
      "tool_choice", #"{"type": "allowed_tools", "allowed_tools": {"mode": "auto"}}"#,
      "tool_choice.allowed_tools.tools",
      "missing_required_parameter"),
    Fault(
      "tool_choice", #"{"type": "allowed_tools", "allowed_tools": {"mode": "now", "tools": []}}"#,
      "tool_choice.allowed_tools.mode", "invalid_value"),
    Fault("parallel_tool_calls", #""no""#, "parallel_tool_calls", "invalid_type"),
  ]

  private static let others: [Fault] = [
    Fault("stream", #""yes""#, "stream", "invalid_type"),
    Fault("stream_options", #"{"include_usage": true}"#, "stream_options", "invalid_value"),
    Fault("response_format", #""text""#, "response_format", "invalid_type"),
    Fault("modalities", #"["text", "audio"]"#, "modalities", "unsupported_parameter"),
    Fault("audio", #"{"voice": "x"}"#, "audio", "unsupported_parameter"),
    Fault("functions", "[]", "functions", "unsupported_parameter"),
    Fault("function_call", #""auto""#, "function_call", "unsupported_parameter"),
    Fault("web_search_options", "{}", "web_search_options", "unsupported_parameter"),
    Fault("moderation", #"{"model": "x"}"#, "moderation", "unsupported_parameter"),
    Fault("service_tier", "3", "service_tier", "invalid_type"),
    Fault("service_tier", #""gold""#, "service_tier", "invalid_value"),
    Fault("store", #""yes""#, "store", "invalid_type"),
    Fault("metadata", "[]", "metadata", "invalid_type"),
    Fault("metadata", #"{"a": 1}"#, "metadata.a", "invalid_type"),
    Fault(
      "metadata", "{\"a\": \"\(String(repeating: "x", count: 513))\"}", "metadata.a", "invalid_value"),
    Fault("metadata", "{\(many)}", "metadata", "invalid_value"),
    Fault("user", "5", "user", "invalid_type"),
    Fault("verbosity", #""loud""#, "verbosity", "invalid_value"),
    Fault("reasoning_effort", #""huge""#, "reasoning_effort", "invalid_value"),
    Fault("reasoning", #""high""#, "reasoning", "invalid_type"),
    Fault("reasoning", #"{"effort": 3}"#, "reasoning.effort", "invalid_type"),
    Fault("reasoning", #"{"exclude": 1}"#, "reasoning.exclude", "invalid_type"),
    Fault("include_reasoning", "1", "include_reasoning", "invalid_type"),
    Fault("thinking", #"{"budget_tokens": 5}"#, "thinking.type", "missing_required_parameter"),
    Fault("thinking", #"{"type": "maybe"}"#, "thinking.type", "invalid_value"),
    Fault("thinking", #"{"type": "disabled", "budget_tokens": 5}"#, "thinking.budget_tokens", "invalid_value"),
    Fault("enable_thinking", #""yes""#, "enable_thinking", "invalid_type"),
    Fault("thinking_budget", "-1", "thinking_budget", "invalid_value"),
    Fault("thinking_token_budget", "1.5", "thinking_token_budget", "invalid_value"),
    Fault("chat_template_kwargs", "3", "chat_template_kwargs", "invalid_type"),
    Fault(
      "chat_template_kwargs", #"{"enable_thinking": 1}"#, "chat_template_kwargs.enable_thinking", "invalid_type"),
    Fault("chat_template_kwargs", #"{"messages": []}"#, "chat_template_kwargs.messages", "invalid_value"),
  ]

  @Test func everyFaultIsNamedToTheLetter() async throws {
    let fixture = try await APIFixture()
    let faults = Self.messages + Self.sampling + Self.tools + Self.others
    #expect(faults.count >= 60)
    for fault in faults {
      let response = try await fixture.chat(.asking("?", [fault.field: try JSON(parsing: fault.value)]))
      let comment: Comment = "\(fault.field): \(fault.value)"
      let error = try #require(try response.json["error"], comment)
      #expect(response.status == 400, comment)
      #expect(error.objectValue?.keys == ["message", "type", "param", "code"], comment)
      #expect(error["type"] == "invalid_request_error", comment)
      #expect(error["param"]?.stringValue == fault.parameter, comment)
      #expect(error["code"]?.stringValue == fault.code, comment)
      // The message alone says where to look, without brackets and dots of what is inside.
      #expect(error["message"]?.stringValue?.contains(fault.field) == true, comment)
    }
    await fixture.stop()
  }

  @Test func aSchemaThatCannotBeFollowedIsNamedAsTheClientWroteIt() async throws {
    let fixture = try await APIFixture()
    let schema: JSON = ["type": "object", "properties": ["x": ["minLenght": 3]]]
    let chat: JSON = ["type": "function", "function": ["name": "f", "parameters": schema, "strict": true]]
    let response: JSON = ["type": "function", "name": "f", "parameters": schema, "strict": true]
    let message: JSON = ["name": "f", "input_schema": schema, "strict": true]
    let chatError = try await fixture.chat(.asking("?", ["tools": [chat]])).json["error"]
    #expect(chatError?["param"] == "tools[0].function.parameters")
    let responseError = try await fixture.post(
      "/v1/responses", ["model": "demo", "input": "?", "tools": [response]]
    ).json["error"]
    #expect(responseError?["param"] == "tools[0].parameters")
    let messageError = try await fixture.post(
      "/v1/messages", .asking("?", ["max_tokens": 10, "tools": [message]])
    ).json["error"]
    #expect(messageError?["message"]?.stringValue?.contains("'tools[0].input_schema' of the tool 'f'") == true)
    for error in [chatError, responseError, messageError] {
      #expect(error?["message"]?.stringValue?.contains("#/properties/x/minLenght") == true)
    }
    await fixture.stop()
  }

  @Test func unknownFieldsAreRefusedWhereTheOwnerWantsThat() async throws {
    let fixture = try await APIFixture(unknownFields: .refuse)
    for (member, place) in [
      ("tempratur", "tempratur"), ("chat_template_kwargs", "chat_template_kwargs.mood"),
    ] {
      let value: JSON = member == place ? 1 : ["mood": "good"]
      let response = try await fixture.chat(.asking("?", [member: value]))
      let error = try #require(try response.json["error"])
      #expect(response.status == 400 && error["code"] == "unknown_parameter")
      #expect(error["param"]?.stringValue == place)
    }
    #expect(try await fixture.chat(.asking()).status == 200)
    await fixture.stop()
  }
}
