import Foundation
import JSON
import Serving
import ServingTestSupport
import Testing
import TestSupport

/// OpenAI's Responses API, to the letter.
@Suite struct ResponsesTests {
  private static let path = "/v1/responses"

  private static func asking(_ members: JSONObject = [:]) -> JSON {
    let body: JSONObject = ["model": "demo", "input": "6 * 7?"]
    return .object(body.merging(members))
  }

  private static let tools: JSON = [["type": "function", "name": "f", "parameters": ["type": "object"]]]
  private static let call = "I look.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": [1, 2]}}\n</tool_call>"

  @Test func aResponseHasItemsAndUsage() async throws {
    let fixture = try await APIFixture()
    let response = try await fixture.post(Self.path, Self.asking(["reasoning": ["effort": "low"]])).json
    #expect(response["object"] == "response" && response["status"] == "completed" && response["error"] == .null)
    #expect(response["output"]?[0]?["type"] == "reasoning")
    #expect(response["output"]?[0]?["content"] == [["type": "reasoning_text", "text": "Six sevens."]])
    let message = try #require(response["output"]?[1])
    #expect(message["type"] == "message" && message["role"] == "assistant" && message["status"] == "completed")
    #expect(message["content"]?[0]?["text"] == "It is 42." && message["content"]?[0]?["annotations"] == [])
    #expect(response["usage"]?["input_tokens_details"]?["cached_tokens"] == 0)
    #expect(response["usage"]?["output_tokens_details"]?["reasoning_tokens"]?.intValue ?? 0 > 0)
    await fixture.stop()
  }

  @Test func aStreamTellsOfEverythingInOrder() async throws {
    let fixture = try await APIFixture(reply: { _, _ in "Hm.\n</think>\n\n" + Self.call })
    let response = try await fixture.post(
      Self.path, Self.asking(["reasoning": ["effort": "low"], "tools": Self.tools, "stream": true]))
    let events = try response.namedEvents
    #expect(events.allSatisfy { $0.name == $0.data["type"]?.stringValue })
    #expect(events.compactMap { $0.data["sequence_number"]?.intValue } == Array(events.indices))
    let all = events.map { $0.name.dropFirst("response.".count).description }
    let names = all.enumerated().filter { $0.offset == 0 || all[$0.offset - 1] != $0.element }.map(\.element)
    #expect(
      names == [
        "created", "in_progress", "output_item.added", "content_part.added", "reasoning_text.delta",
        "reasoning_text.done", "content_part.done", "output_item.done", "output_item.added", "content_part.added",
        "output_text.delta", "output_text.done", "content_part.done", "output_item.done", "output_item.added",
        "function_call_arguments.delta", "function_call_arguments.done", "output_item.done", "completed",
      ])
    let output = try #require(events.last?.data["response"]?["output"]?.arrayValue)
    let done = events.filter { $0.name == "response.output_item.done" }.compactMap { $0.data["item"] }
    #expect(done == output)
    #expect(output.last?["arguments"] == "{\"x\": [1, 2]}" && output.last?["name"] == "f")
    for (index, item) in output.enumerated() {
      let own = events.filter { $0.data["output_index"]?.intValue == index }
      #expect(own.allSatisfy { ($0.data["item_id"] ?? $0.data["item"]?["id"]) == item["id"] })
      let text = own.compactMap { $0.data["delta"]?.stringValue }.joined()
      #expect(text == (item["content"]?[0]?["text"] ?? item["arguments"])?.stringValue)
    }
    #expect(events.first { $0.name == "response.function_call_arguments.done" }?.data["name"] == "f")
    await fixture.stop()
  }

  @Test func aResponseThatIsCutIsIncomplete() async throws {
    let fixture = try await APIFixture()
    let response = try await fixture.post(Self.path, Self.asking(["max_output_tokens": 1])).json
    #expect(response["status"] == "incomplete")
    #expect(response["incomplete_details"] == ["reason": "max_output_tokens"])
    #expect(response["output"]?[0]?["status"] == "incomplete")
    await fixture.stop()
  }

  @Test func aConversationGoesOnFromAStoredResponse() async throws {
    let fixture = try await APIFixture(reply: { prompt, _ in "\(prompt.components(separatedBy: "<|im_start|>").count)" }
    )
    let first = try await fixture.post(Self.path, Self.asking(["instructions": "Be brief."])).json
    #expect(first["output"]?[0]?["content"]?[0]?["text"] == "4")
    let second = try await fixture.post(Self.path, Self.asking(["previous_response_id": first["id"] ?? .null])).json
    // Instructions are not carried over: user, assistant, user, and what opens the reply.
    #expect(second["output"]?[0]?["content"]?[0]?["text"] == "5")
    #expect(second["previous_response_id"] == first["id"])

    let path = Self.path + "/" + (second["id"]?.stringValue ?? "")
    #expect(try await fixture.request("GET", path).json == second)
    let items = try await fixture.request("GET", path + "/input_items?limit=2&order=asc").json
    #expect(items["has_more"] == true && items["data"]?.arrayValue?.map { $0["role"] } == ["user", "assistant"])
    let last = items["last_id"]?.stringValue ?? ""
    let rest = try await fixture.request("GET", path + "/input_items?order=asc&after=\(last)").json
    #expect(rest["has_more"] == false && rest["data"]?.arrayValue?.map { $0["role"] } == ["user"])

    #expect(try await fixture.request("DELETE", path).json["deleted"] == true)
    #expect(try await fixture.request("GET", path).status == 404)
    let gone = try await fixture.post(Self.path, Self.asking(["previous_response_id": second["id"] ?? .null]))
    #expect(gone.status == 400)
    #expect(try gone.json["error"]?["code"] == "previous_response_not_found")
    let unstored = try await fixture.post(Self.path, Self.asking(["store": false])).json
    #expect(try await fixture.request("GET", Self.path + "/" + (unstored["id"]?.stringValue ?? "")).status == 404)
    await fixture.stop()
  }

  @Test func aResponseInTheBackgroundIsThereLater() async throws {
    let fixture = try await APIFixture()
    let begun = try await fixture.post(Self.path, Self.asking(["background": true])).json
    #expect(begun["background"] == true && begun["output"] == [])
    let path = Self.path + "/" + (begun["id"]?.stringValue ?? "")
    var now = begun
    while now["status"] == "in_progress" { now = try await fixture.request("GET", path).json }
    #expect(now["status"] == "completed" && now["output"]?[0]?["content"]?[0]?["text"] == "It is 42.")
    let late = try await fixture.request("POST", path + "/cancel").json
    #expect(late == now)
    await fixture.stop()
  }

  @Test func aResponseInTheBackgroundCanBeCancelled() async throws {
    let fixture = try await APIFixture(reply: { _, _ in String(repeating: "word ", count: 3000) })
    let begun = try await fixture.post(Self.path, Self.asking(["background": true])).json
    let path = Self.path + "/" + (begun["id"]?.stringValue ?? "")
    #expect(try await fixture.request("POST", path + "/cancel").json["status"] == "cancelled")
    while fixture.service.service.statistics.cancelled == 0 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(try await fixture.request("GET", path).json["status"] == "cancelled")
    let other = try await fixture.post(Self.path, Self.asking(["max_output_tokens": 2])).json
    let refused = try await fixture.request("POST", Self.path + "/\(other["id"]?.stringValue ?? "")/cancel")
    #expect(refused.status == 400)
    await fixture.stop()
  }

  @Test func aStreamInTheBackgroundCanBeFollowedAgain() async throws {
    let fixture = try await APIFixture()
    let asked = Self.asking(["background": true, "stream": true])
    let first = try await fixture.post(Self.path, asked).namedEvents
    #expect(first.map { $0.data["sequence_number"]?.intValue } == Array(first.indices))
    #expect(first.last?.name == "response.completed")
    let id = try #require(first[0].data["response"]?["id"]?.stringValue)
    let path = Self.path + "/" + id
    let all = try await fixture.request("GET", path + "?stream=true")
    #expect(all["content-type"]?.hasPrefix("text/event-stream") == true)
    #expect(try all.namedEvents.map(\.data) == first.map(\.data))
    let rest = try await fixture.request("GET", path + "?stream=true&starting_after=3").namedEvents
    #expect(rest.map(\.data) == first.dropFirst(4).map(\.data))
    #expect(try await fixture.request("GET", path).json == first.last?.data["response"])

    let whole = try await fixture.post(Self.path, Self.asking()).json["id"]?.stringValue ?? ""
    for (query, place) in [
      ("\(whole)?stream=true", "stream"), ("\(id)?starting_after=1", "starting_after"),
      ("\(id)?stream=true&starting_after=x", "starting_after"), ("\(id)?stream=maybe", "stream"),
    ] {
      let refused = try await fixture.request("GET", Self.path + "/" + query)
      #expect(refused.status == 400)
      #expect(try refused.json["error"]?["param"]?.stringValue == place)
    }
    #expect(try await fixture.request("GET", Self.path + "/none?stream=true").status == 404)
    await fixture.stop()
  }

  @Test func aStreamInTheBackgroundOutlivesItsConnection() async throws {
    // So slow that it does not end by itself meanwhile, however busy the machine is.
    let fixture = try await APIFixture(
      beforeStep: { _ in usleep(10_000) }, reply: { _, _ in String(repeating: "word ", count: 3000) })
    let client = try await fixture.openPost(Self.path, Self.asking(["background": true, "stream": true]))
    let head = try await client.receive(until: "\"object\"")
    let id = try #require(head.firstMatch(of: /resp_\w+/)).output
    client.close()
    let path = Self.path + "/" + id
    async let followed = fixture.request("GET", path + "?stream=true").namedEvents
    while try await fixture.request("GET", path + "?stream=false").json["status"] == nil {}
    #expect(try await fixture.request("POST", path + "/cancel").json["status"] == "cancelled")
    // Its events end, and there is none that tells of a cancellation.
    #expect(try await followed.first?.name == "response.created")
    await fixture.stop()
  }

  @Test func truncationLeavesOldTurnsOut() async throws {
    let fixture = try await APIFixture(
      contextLength: 200, reply: { prompt, _ in prompt.contains("last") ? "yes" : "no" })
    let long = String(repeating: "word ", count: 150)
    let input: JSON = [
      ["role": "system", "content": "Be brief."], ["role": "user", "content": .string(long)],
      ["role": "assistant", "content": .string(long)], ["role": "user", "content": "the last"],
    ]
    #expect(try await fixture.post(Self.path, Self.asking(["input": input])).status == 400)
    let response = try await fixture.post(Self.path, Self.asking(["input": input, "truncation": "auto"])).json
    #expect(response["output"]?[0]?["content"]?[0]?["text"] == "yes")
    #expect(response["usage"]?["input_tokens"]?.intValue ?? 1000 < 60)
    await fixture.stop()
  }

  @Test func faultsAreNamedAsTheClientWroteThem() async throws {
    let fixture = try await APIFixture()
    let cases: [(JSONObject, String)] = [
      (["input": .null], "input"), (["input": [["type": "item_reference", "id": "x"]]], "input[0].id"),
      (["input": [["type": "computer_call"]]], "input[0].type"),
      (["reasoning": ["effort": "huge"]], "reasoning.effort"),
      (["max_output_tokens": 0], "max_output_tokens"), (["tools": [["type": "web_search"]]], "tools[0].type"),
      (["conversation": "c"], "conversation"), (["prompt": ["id": "p"]], "prompt"),
      (["background": true, "store": false], "background"),
      (["model": "demo:instruct", "reasoning": ["effort": "high"]], "reasoning.effort"),
      (["input": [["role": "user", "content": [["type": "input_image"]]]]], "input[0].content[0].type"),
    ]
    for (members, place) in cases {
      let response = try await fixture.post(Self.path, Self.asking(members))
      #expect(response.status == 400)
      #expect(try response.json["error"]?["param"]?.stringValue == place)
    }
    await fixture.stop()
  }

  @Test func theInputCanBeCounted() async throws {
    let fixture = try await APIFixture()
    let count = try await fixture.post(Self.path + "/input_tokens", Self.asking()).json
    let response = try await fixture.post(Self.path, Self.asking()).json
    #expect(count["object"] == "response.input_tokens" && count["input_tokens"] == response["usage"]?["input_tokens"])
    await fixture.stop()
  }
}
