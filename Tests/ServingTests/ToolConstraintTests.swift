import JSON
import OutputParsing
import Serving
import ServingTestSupport
import Testing

/// Tool calls that have to be made, or whose arguments have to follow a schema. Where what the script says is not
/// allowed, all allowed tokens are alike: a model of random logits.
@Suite struct ToolConstraintTests {
  private static let place: JSON = [
    "type": "object",
    "properties": [
      "name": ["type": "string", "maxLength": 6], "count": ["type": "integer", "minimum": 1, "maximum": 99],
      "kind": ["enum": ["a", "b", nil]],
      "either": ["anyOf": [["type": "boolean"], ["type": "string", "maxLength": 3]]],
      "list": ["type": "array", "items": ["type": "string", "maxLength": 3], "maxItems": 2],
    ],
    "required": ["name", "count", "kind"],
  ]

  private static func tool(_ name: String, _ parameters: JSON? = place, strict: Bool? = nil) -> JSON {
    var function: JSONObject = ["name": .string(name)]
    function["parameters"] = parameters
    function["strict"] = strict.map(JSON.bool)
    return ["type": "function", "function": .object(function)]
  }

  private func reply(
    _ script: String, tools: [JSON], choice: ToolChoice, format: ToolCallSetting = .json, mode: Mode = .instruct,
    seed: UInt64 = 1, _ change: (inout ChatRequest) -> Void = { _ in }
  ) async throws -> CollectedReply {
    var settings = ConversationSettings()
    settings.toolCalls = format
    let fixture = try ServiceFixture(settings: settings) { _, _ in script }
    var request = ChatRequest.asking("Which?", mode: mode)
    request.tools = tools
    request.toolChoice = choice
    request.options.maximumTokens = 900
    request.options.sampling.temperature = 1
    request.options.sampling.topK = 0
    request.options.sampling.topP = 1
    request.options.seed = seed
    change(&request)
    return await CollectedReply(try await fixture.service.generate(request))
  }

  private func expectPlace(_ text: String) throws {
    let arguments = try JSON(parsing: text)
    let name = try #require(arguments["name"]?.stringValue, "\(text)")
    #expect(name.unicodeScalars.count <= 6)
    #expect((1...99).contains(try #require(arguments["count"]?.intValue, "\(text)")))
    #expect((["a", "b", .null] as [JSON]).contains(try #require(arguments["kind"])), "\(text)")
    if let either = arguments["either"] {
      #expect(either.boolValue != nil || either.stringValue?.unicodeScalars.count ?? 9 <= 3, "\(text)")
    }
    if let list = arguments["list"] {
      #expect(list.arrayValue?.allSatisfy { $0.stringValue?.unicodeScalars.count ?? 9 <= 3 } == true, "\(text)")
    }
    let known = try #require(Self.place["properties"]?.objectValue)
    #expect(arguments.objectValue?.keys.allSatisfy { known[$0] != nil } == true, "\(text)")
  }

  @Test(arguments: [ToolCallSetting.json, .xml], 1...8 as ClosedRange<UInt64>)
  func whateverTheModelSaysBecomesCalls(format: ToolCallSetting, seed: UInt64) async throws {
    let reply = try await reply(
      "Let me think about that.", tools: [Self.tool("f"), Self.tool("g")], choice: .required, format: format, seed: seed
    )
    #expect(reply.finish == .toolCalls && reply.content.isEmpty && !reply.calls.isEmpty)
    for call in reply.calls {
      #expect(["f", "g"].contains(call[0]))
      try expectPlace(call[1])
    }
  }

  @Test(arguments: [ToolCallSetting.json, .xml], [Mode.instruct, .thinking])
  func aNamedToolIsCalledOnce(format: ToolCallSetting, mode: Mode) async throws {
    let other = "<tool_call>\n{\"name\": \"g\", \"arguments\": {}}\n</tool_call>"
    let script = mode == .thinking ? "Hm.\n</think>\n\n\(other)" : other
    for seed in 1...3 as ClosedRange<UInt64> {
      let reply = try await reply(
        script, tools: [Self.tool("f"), Self.tool("g")], choice: .function("f"), format: format, mode: mode, seed: seed)
      #expect(reply.calls.map { $0[0] } == ["f"] && reply.finish == .toolCalls && reply.content.isEmpty)
      #expect(reply.reasoning == (mode == .thinking ? "Hm." : ""))
      try expectPlace(reply.calls[0][1])
    }
  }

  @Test func aCallInsideAThoughtIsBoundAsWell() async throws {
    let call = "<tool_call>\n{\"name\": \"g\", \"arguments\": {}}\n</tool_call>"
    let reply = try await reply(
      "Hm.\n\(call)", tools: [Self.tool("f"), Self.tool("g")], choice: .function("f"), mode: .thinking)
    #expect(reply.calls.map { $0[0] } == ["f"] && reply.reasoning == "Hm." && reply.finish == .toolCalls)
    try expectPlace(reply.calls[0][1])
  }

  @Test func onlyOneWhereCallsMayNotBeParallel() async throws {
    let call = "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>"
    let tools = [Self.tool("f", nil)]
    let both = try await reply("\(call)\n\(call)", tools: tools, choice: .required)
    #expect(both.calls == [["f", "{}"], ["f", "{}"]])
    let one = try await reply("\(call)\n\(call)", tools: tools, choice: .required) {
      $0.allowsParallelToolCalls = false
    }
    #expect(one.calls == [["f", "{}"]] && one.finish == .toolCalls)
  }

  @Test(arguments: [
    (
      ToolCallSetting.json,
      "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"name\": \"a</x>\", \"count\": 7, \"kind\": null}}\n</tool_call>",
      #"{"name": "a</x>", "count": 7, "kind": null}"#
    ),
    (
      .xml,
      "<tool_call>\n<function=f>\n<parameter=name>\na</x>\n</parameter>\n<parameter=count>\n7\n</parameter>\n"
        + "<parameter=kind>\nnull\n</parameter>\n</function>\n</tool_call>",
      #"{"name":"a</x>","count":7,"kind":null}"#
    ),
  ])
  func whatIsAllowedStaysAsItIs(format: ToolCallSetting, script: String, arguments: String) async throws {
    for choice in [ToolChoice.required, .function("f"), .automatic] {
      let reply = try await reply(script, tools: [Self.tool("f", strict: true)], choice: choice, format: format)
      #expect(reply.calls == [["f", arguments]] && reply.finish == .toolCalls, "\(choice)")
    }
  }

  @Test(arguments: [ToolCallSetting.json, .xml])
  func strictToolsBindACallOnceItIsBegun(format: ToolCallSetting) async throws {
    let broken = "Sure.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"name\": 3}}\n</tool_call>"
    let reply = try await reply(broken, tools: [Self.tool("f", strict: true)], choice: .automatic, format: format)
    #expect(reply.content == "Sure." && reply.calls.first?[0] == "f" && reply.finish == .toolCalls)
    for call in reply.calls { try expectPlace(call[1]) }
    // Without a call nothing is bound, and without strict tools a call is not.
    let text = try await self.reply("No call {", tools: [Self.tool("f", strict: true)], choice: .automatic)
    #expect(text.content == "No call {" && text.finish == .stop)
    let free = try await self.reply(broken, tools: [Self.tool("f")], choice: .automatic)
    #expect(free.calls == [["f", #"{"name": 3}"#]])
    // A tool beside strict ones takes any object.
    let beside = "<tool_call>\n{\"name\": \"g\", \"arguments\": {\"x\": [1]}}\n</tool_call>"
    let other = try await self.reply(
      beside, tools: [Self.tool("f", strict: true), Self.tool("g")], choice: .automatic)
    #expect(other.calls == [["g", #"{"x": [1]}"#]])
  }

  @Test func contentOfASchemaOrStrictCalls() async throws {
    let call = "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"name\": 3}}\n</tool_call>"
    for (script, isCall) in [(call, true), ("yes", false)] {
      let reply = try await reply(script, tools: [Self.tool("f", strict: true)], choice: .automatic) {
        $0.options.constraint = OutputConstraint(.choice(["yes", "no"]), field: "response_format")
      }
      #expect(reply.calls.isEmpty == !isCall && reply.content == (isCall ? "" : "yes"))
      for call in reply.calls { try expectPlace(call[1]) }
    }
  }

  @Test func whatCannotBeFollowedIsRefused() async throws {
    let bad: JSON = ["type": "object", "properties": ["x": ["type": "string", "format": "colour"]]]
    for (tools, choice, field) in [
      ([Self.tool("f"), Self.tool("g", bad)], ToolChoice.required, "tools[1].function.parameters"),
      ([Self.tool("g", bad, strict: true)], .automatic, "tools[0].function.parameters"),
    ] {
      let error = await #expect(throws: GenerationError.self) {
        _ = try await self.reply("x", tools: tools, choice: choice) {
          $0.toolFields = tools.indices.map { "tools[\($0)].function" }
        }
      }
      guard case .invalidParameter(field, let message)? = error else {
        Issue.record("\(error.debugDescription)")
        continue
      }
      #expect(message.contains("'g'") && message.contains("#/properties/x/format"), "\(message)")
    }
    // A tool that need not be strict takes any object then.
    let free = try await reply("x", tools: [Self.tool("g", bad, strict: false)], choice: .required) {
      $0.options.maximumTokens = 30
    }
    #expect(free.error == nil)
    let none = await #expect(throws: GenerationError.self) {
      _ = try await self.reply("x", tools: [Self.tool("f")], choice: .required, format: .none)
    }
    guard case .invalidParameter("tool_choice", _)? = none else {
      Issue.record("\(none.debugDescription)")
      return
    }
  }
}
