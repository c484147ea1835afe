import JSON
import OutputParsing
import Serving
import ServingTestSupport
import Testing

@Suite struct ConstraintTests {
  private func reply(
    _ script: String, _ content: OutputConstraint.Content, mode: Mode = .instruct, tools: [JSON] = [],
    maximumTokens: Int = 600, seed: UInt64 = 1
  ) async throws -> CollectedReply {
    let fixture = try ServiceFixture { _, _ in script }
    var request = ChatRequest.asking("Which?", mode: mode)
    request.options.constraint = OutputConstraint(content, field: "response_format")
    request.options.maximumTokens = maximumTokens
    request.options.sampling.temperature = 1
    request.options.sampling.topK = 0
    request.options.sampling.topP = 1
    request.options.seed = seed
    request.tools = tools
    return await CollectedReply(try await fixture.service.generate(request))
  }

  /// Wherever the script is not allowed, all allowed tokens are alike: a model of random logits.
  @Test(arguments: 1...6 as ClosedRange<UInt64>) func anythingBecomesADocumentOfTheSchema(seed: UInt64) async throws {
    let schema: JSON = [
      "type": "object",
      "properties": [
        "name": ["type": "string", "maxLength": 12], "age": ["type": "integer", "minimum": 1, "maximum": 150],
        "tags": ["type": "array", "items": ["enum": ["a", "bc"]], "maxItems": 3],
      ],
      "required": ["name", "age", "tags"], "additionalProperties": false,
    ]
    let reply = try await reply("Sure! Here is your JSON, as asked for:", .jsonSchema(schema), seed: seed)
    #expect(reply.finish == .stop)
    let document = try JSON(parsing: reply.content)
    let name = try #require(document["name"]?.stringValue)
    #expect(name.unicodeScalars.count <= 12)
    #expect((1...150).contains(try #require(document["age"]?.doubleValue)))
    guard case .array(let tags)? = document["tags"] else {
      Issue.record("no tags in \(reply.content)")
      return
    }
    #expect(tags.count <= 3 && tags.allSatisfy { ["a", "bc"].contains($0.stringValue) })
  }

  @Test func whatTheModelWritesStaysWhereItIsAllowed() async throws {
    let document = #"{"a": [1, 2.5, true], "b": "é"}"#
    let reply = try await reply(document, .jsonObject)
    #expect(reply.content == document && reply.finish == .stop)
    let word = try await self.reply("no", .choice(["yes", "no"]))
    #expect(word.content == "no" && word.finish == .stop)
    let digits = try await self.reply("12345", .regularExpression("[0-9]{3}"))
    #expect(digits.content == "123" && digits.finish == .stop)
  }

  @Test func thoughtsAreFree() async throws {
    let reply = try await reply("Is it? {no}\n</think>\n\nMaybe", .choice(["yes", "no"]), mode: .thinking)
    #expect(reply.reasoning.contains("Is it? {no}"))
    #expect(["yes", "no"].contains(reply.content) && reply.finish == .stop)
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>) func aReplyDoesNotEndWithinItsThoughts(seed: UInt64) async throws {
    let reply = try await reply("Is it?", .choice(["yes", "no"]), mode: .thinking, maximumTokens: 200, seed: seed)
    #expect(reply.finish == .length || ["yes", "no"].contains(reply.content))
  }

  @Test func toolsMayBeCalledInstead() async throws {
    let tool: JSON = ["type": "function", "function": ["name": "f", "parameters": ["type": "object"]]]
    let call = "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n</tool_call>"
    let reply = try await reply(call, .choice(["yes"]), tools: [tool])
    #expect(reply.calls.map { $0[0] } == ["f"] && reply.finish == .toolCalls)
  }

  @Test func tooFewTokensAreALength() async throws {
    let reply = try await reply(#"{"a": 1}"#, .jsonObject, maximumTokens: 2)
    #expect(reply.finish == .length)
  }

  @Test func whatCannotBeFollowedIsRefused() async throws {
    for (content, reason) in [
      (OutputConstraint.Content.regularExpression("(a"), "column"), (.jsonSchema(["type": "thing"]), "type"),
      (.jsonSchema(["type": "string", "minLength": 3, "maxLength": 2]), "no text"),
    ] {
      let error = await #expect(throws: GenerationError.self) { _ = try await self.reply("x", content) }
      guard case .invalidParameter("response_format", let message)? = error else {
        Issue.record("\(content): \(error.debugDescription)")
        continue
      }
      #expect(message.contains(reason), "\(message)")
    }
  }
}
