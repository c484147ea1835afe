import JSON
import Testing

@testable import APIServer

/// What requests are checked against.
@Suite struct RequestCheckTests {
  private static let schema = ObjectSchema([
    .required("name", .nonEmptyString), .optional("count", .integer(1...5)), .optional("share", .number(0...1)),
    .optional("flag", .boolean), .optional("kind", .choice(["a", "b"])), .optional("short", .shortString(bytes: 3)),
    .optional("ids", .array(.integer(0 ... .max), count: 1...3)), .optional("free", .anyObject),
    .optional("inner", .object(ObjectSchema([.required("x", .string), .accepted("y")]))),
    .optional(
      "block",
      .variants(
        tag: "type", otherwise: nil, [.object("text", [.required("text", .string)]), .refused("image", "images")])),
    .optional("either", .either([.string, .array(.string), .array(.integer(0...9))])), .accepted("metadata"),
    .refused("audio", "audio"),
  ])

  private static let faults: [(members: String, place: String, code: String)] = [
    (#"{"name": null}"#, "name", "missing_required_parameter"), (#"{"name": ""}"#, "name", "invalid_value"),
    (#"{"name": 3}"#, "name", "invalid_type"), (#"{"count": 6}"#, "count", "invalid_value"),
    (#"{"count": 1.5}"#, "count", "invalid_value"), (#"{"count": "1"}"#, "count", "invalid_type"),
    (#"{"share": 1.01}"#, "share", "invalid_value"), (#"{"flag": 0}"#, "flag", "invalid_type"),
    (#"{"kind": "c"}"#, "kind", "invalid_value"), (#"{"short": "abcd"}"#, "short", "invalid_value"),
    (#"{"short": ""}"#, "short", "invalid_value"), (#"{"ids": []}"#, "ids", "invalid_value"),
    (#"{"ids": [1, -1]}"#, "ids[1]", "invalid_value"), (#"{"ids": [1, "x"]}"#, "ids[1]", "invalid_type"),
    (#"{"ids": [1, 2, 3, 4]}"#, "ids", "invalid_value"), (#"{"free": []}"#, "free", "invalid_type"),
    (#"{"inner": {}}"#, "inner.x", "missing_required_parameter"), (#"{"inner": {"x": 1}}"#, "inner.x", "invalid_type"),
    (#"{"block": {}}"#, "block.type", "missing_required_parameter"),
    (#"{"block": {"type": 3}}"#, "block.type", "invalid_type"),
    (#"{"block": {"type": "video"}}"#, "block.type", "invalid_value"),
    (#"{"block": {"type": "image"}}"#, "block.type", "unsupported_parameter"),
    (#"{"block": {"type": "text", "text": []}}"#, "block.text", "invalid_type"),
    (#"{"either": 3}"#, "either", "invalid_type"), (#"{"either": [1, 10]}"#, "either[1]", "invalid_value"),
    (#"{"audio": {}}"#, "audio", "unsupported_parameter"),
  ]

  private func body(_ members: String) throws -> JSON {
    var body: JSONObject = ["name": "x"]
    for (key, value) in try JSON(parsing: members).objectValue ?? [:] { body[key] = value }
    return .object(body)
  }

  @Test(arguments: faults) func theMemberAtFaultIsNamed(_ members: String, _ place: String, _ code: String) throws {
    let body = try body(members)
    let error = #expect(throws: APIError.self) { try RequestCheck.unknownPlaces(in: body, Self.schema) }
    #expect(error?.parameter == place && error?.code == code)
    #expect(error?.message.contains(place) == true && error?.statusCode == 400)
  }

  @Test func whatIsUnknownIsListedAndNullIsAbsent() throws {
    let body = try body(
      #"""
      {"count": null, "audio": null, "nmae": 1, "inner": {"x": "", "z": 1}, "free": {"anything": 1}, "metadata": [],
      "block": {"type": "text", "text": "", "size": 3}, "either": ["a"], "ids": [1, 2, 3], "share": 1}
      """#)
    #expect(try RequestCheck.unknownPlaces(in: body, Self.schema) == ["inner.z", "block.size", "nmae"])
    let error = #expect(throws: APIError.self) { try RequestCheck.unknownPlaces(in: [1], Self.schema) }
    #expect(error?.parameter == nil && error?.code == "invalid_type")
  }
}
