import JSON
import Testing

@testable import APIServer

@Suite struct MessageReaderTests {
  private func converted(_ message: JSON) throws -> JSON {
    var reader = MessageReader()
    return try reader.messages([message])[0]
  }

  @Test func developerIsSystemAndNamesStay() throws {
    #expect(
      try converted(["role": "developer", "content": "x", "name": "boss"])
        == ["role": "system", "content": "x", "name": "boss"])
  }

  @Test func partsBecomeOneText() throws {
    #expect(
      try converted([
        "role": "user", "content": [["type": "text", "text": "What is "], ["type": "text", "text": "12 + 30?"]],
      ]) == ["role": "user", "content": "What is 12 + 30?"])
    #expect(try converted(["role": "user", "content": []]) == ["role": "user", "content": ""])
  }

  @Test(arguments: ["reasoning", "reasoning_content"]) func thoughtsInHistoryHaveOneName(_ field: String) throws {
    let message: JSON = .object(["role": "assistant", "content": "4", .init(field): "2 + 2"])
    #expect(try converted(message) == ["role": "assistant", "content": "4", "reasoning_content": "2 + 2"])
  }

  @Test func argumentsAreParsedWithTheirOrder() throws {
    let message = try converted([
      "role": "assistant", "content": .null,
      "tool_calls": [
        ["id": "c1", "type": "function", "function": ["name": "f", "arguments": "{\"b\": 1, \"a\": [2.0]}"]],
        ["id": "c2", "type": "function", "function": ["name": "g", "arguments": "not json"]],
        ["id": "c3", "type": "function", "function": ["name": "h", "arguments": "[1]"]],
      ],
    ])
    #expect(
      message.serialized()
        == #"{"role":"assistant","content":"","tool_calls":["#
        + #"{"id":"c1","type":"function","function":{"name":"f","arguments":{"b":1,"a":[2.0]}}},"#
        + #"{"id":"c2","type":"function","function":{"name":"g","arguments":"not json"}},"#
        + #"{"id":"c3","type":"function","function":{"name":"h","arguments":"[1]"}}]}"#)
  }

  @Test func toolResultsKeepTheirCall() throws {
    #expect(
      try converted(["role": "tool", "tool_call_id": "c1", "content": "21"])
        == ["role": "tool", "content": "21", "tool_call_id": "c1"])
  }

  @Test func aRefusalIsWhatTheModelSaid() throws {
    #expect(
      try converted(["role": "assistant", "refusal": "No.", "content": .null]) == [
        "role": "assistant", "content": "No.",
      ])
  }
}
