public import JSON

/// Traces as files of JSON lines.
///
/// The first line says what it is, `{"apus_trace":1}`; more members of it are for people. Every other line is a
/// conversation:
///
///     {"arrival":1.25,"tenant":0,"prefix":{"id":3,"tokens":1024},"turns":[{"prompt":40,"output":100},…]}
///
/// `tenant` (0), `prefix` (none) and a turn's `pause` (0) may be left out. The order of the lines does not matter.
public enum TraceFile {
  /// Limits of what is read; whoever goes beyond has another purpose than a trace.
  public enum Limits {
    /// Bytes of a file.
    public static let bytes = 1 << 28
    /// Turns of a conversation.
    public static let turns = 10_000
    /// Tokens of a conversation.
    public static let tokens = 1 << 24
    /// Seconds an arrival or a pause may have.
    public static let seconds = 1e9
    /// Numbers of tenants and of prefixes are below it.
    public static let identities = 1 << 24
  }

  /// Reads a file's bytes.
  public static func parse(_ bytes: [UInt8]) throws(WorkloadError) -> Trace {
    guard bytes.count <= Limits.bytes else { throw .fileTooLarge(bytes: bytes.count, limit: Limits.bytes) }
    var conversations: [Conversation] = []
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }), number > 1 { continue }
      let reader = LineReader(number: number)
      let value = try reader.json(line)
      if number == 1 {
        guard value["apus_trace"]?.intValue == 1 else {
          throw .badLine(number: 1, expected: "{\"apus_trace\":1}", found: reader.excerpt(value))
        }
      } else {
        conversations.append(try reader.conversation(value))
      }
    }
    guard !conversations.isEmpty else { throw .emptyTrace }
    return Trace(conversations)
  }

  /// A file's text.
  ///
  /// - Parameter notes: members for the first line, for people.
  public static func text(_ trace: Trace, notes: JSONObject = [:]) -> String {
    var header: JSONObject = ["apus_trace": 1]
    for (key, value) in notes { header[key] = value }
    return trace.conversations.reduce(into: JSON.object(header).serialized() + "\n") { text, conversation in
      text += line(conversation).serialized() + "\n"
    }
  }

  private static func line(_ conversation: Conversation) -> JSON {
    var members: JSONObject = ["arrival": number(conversation.arrival)]
    if conversation.tenant != 0 { members["tenant"] = .integer(conversation.tenant) }
    if let prefix = conversation.prefix {
      members["prefix"] = ["id": .integer(prefix.id), "tokens": .integer(prefix.tokens)]
    }
    members["turns"] = .array(
      conversation.turns.map { turn in
        var members: JSONObject = ["prompt": .integer(turn.prompt), "output": .integer(turn.output)]
        if turn.pause != 0 { members["pause"] = number(turn.pause) }
        return .object(members)
      })
    return .object(members)
  }

  /// Seconds in microseconds' precision: files stay small.
  private static func number(_ seconds: Double) -> JSON { .double((seconds * 1e6).rounded() / 1e6) }
}

/// Reads the line of a number, so that errors can name it.
private struct LineReader {
  let number: Int

  func json(_ line: ArraySlice<UInt8>) throws(WorkloadError) -> JSON {
    do {
      return try JSON(parsing: line, limits: JSONLimits(maximumDepth: 8))
    } catch {
      throw .badLine(number: number, expected: "a JSON object", found: "\(error.reason)")
    }
  }

  func conversation(_ value: JSON) throws(WorkloadError) -> Conversation {
    guard let members = value.objectValue else { throw bad("an object", value) }
    let known = ["arrival", "tenant", "prefix", "turns"]
    try check(members, known)
    guard let turns = members["turns"]?.arrayValue, (1...TraceFile.Limits.turns).contains(turns.count) else {
      throw bad("\"turns\" with 1 to \(TraceFile.Limits.turns) objects", members["turns"])
    }
    var read: [Turn] = []
    for turn in turns { read.append(try self.turn(turn)) }
    let conversation = Conversation(
      arrival: try seconds("arrival", members["arrival"]),
      tenant: try integer("tenant", members["tenant"] ?? 0, 0...TraceFile.Limits.identities),
      prefix: try members["prefix"].map { (value) throws(WorkloadError) in try prefix(value) },
      turns: read)
    guard conversation.length <= TraceFile.Limits.tokens else {
      throw .badLine(
        number: number, expected: "at most \(TraceFile.Limits.tokens) tokens in all", found: "\(conversation.length)")
    }
    return conversation
  }

  private func prefix(_ value: JSON) throws(WorkloadError) -> SharedPrefix {
    guard let members = value.objectValue else { throw bad("\"prefix\" as an object", value) }
    try check(members, ["id", "tokens"])
    return SharedPrefix(
      id: try integer("id", members["id"], 0...TraceFile.Limits.identities),
      tokens: try integer("tokens", members["tokens"], 1...TraceFile.Limits.tokens))
  }

  private func turn(_ value: JSON) throws(WorkloadError) -> Turn {
    guard let members = value.objectValue else { throw bad("a turn as an object", value) }
    try check(members, ["prompt", "output", "pause"])
    return Turn(
      prompt: try integer("prompt", members["prompt"], 1...TraceFile.Limits.tokens),
      output: try integer("output", members["output"], 1...TraceFile.Limits.tokens),
      pause: try seconds("pause", members["pause"] ?? 0))
  }

  /// A misspelt member would otherwise be a default in silence.
  private func check(_ members: JSONObject, _ known: [String]) throws(WorkloadError) {
    for key in members.keys where !known.contains(key) {
      throw .badLine(number: number, expected: "the members \(known.joined(separator: ", "))", found: "\"\(key)\"")
    }
  }

  private func seconds(_ name: String, _ value: JSON?) throws(WorkloadError) -> Double {
    guard let seconds = value?.doubleValue, (0...TraceFile.Limits.seconds).contains(seconds) else {
      throw bad("\"\(name)\" in seconds, 0 or more", value)
    }
    return seconds
  }

  private func integer(_ name: String, _ value: JSON?, _ range: ClosedRange<Int>) throws(WorkloadError) -> Int {
    guard let integer = value?.intValue, range.contains(integer) else {
      throw bad("\"\(name)\" from \(range.lowerBound) to \(range.upperBound)", value)
    }
    return integer
  }

  private func bad(_ expected: String, _ found: JSON?) -> WorkloadError {
    .badLine(number: number, expected: expected, found: found.map(excerpt) ?? "nothing")
  }

  func excerpt(_ value: JSON) -> String {
    let text = value.serialized()
    return text.utf8.count <= 60 ? text : "\(text.prefix(56)) ..."
  }
}
