import HTTPTestSupport
import JSON

/// What a completion has to be.
struct CompletionCheck {
  private let completion: ClientRequest.Completion
  /// The engine may have failed.
  private let mayFail: Bool
  /// The head names a user that cannot be one.
  private let isMisnamed: Bool

  init(_ completion: ClientRequest.Completion, mayFail: Bool, isMisnamed: Bool = false) {
    self.completion = completion
    self.mayFail = mayFail
    self.isMisnamed = isMisnamed
  }

  private func allows(status: Int) -> Bool {
    switch status {
    case 400: completion.isTooLong || completion.choices > 1 || isMisnamed
    case 429, 503: true
    case 500: mayFail
    default: false
    }
  }

  /// What is wrong with a response; nil if nothing is.
  func problem(of response: ResponseReader.Response) -> String? {
    guard response.status == 200 else {
      return allows(status: response.status)
        ? nil : "status \(response.status): \(String(decoding: response.body.prefix(300), as: UTF8.self))"
    }
    if completion.isTooLong { return "a prompt that is too long is answered" }
    if isMisnamed { return "a request of nobody is answered" }
    return completion.isStreamed ? problem(ofStream: response.body) : problem(ofWhole: response.body)
  }

  private func problem(ofWhole body: [UInt8]) -> String? {
    guard let value = try? JSON(parsing: body), let choices = value["choices"]?.arrayValue else { return "no choices" }
    guard choices.count == completion.choices else { return "\(choices.count) choices" }
    for choice in choices {
      let text = completion.isChat ? choice["message"]?["content"]?.stringValue : choice["text"]?.stringValue
      if text != completion.reply.text { return "the text '\(text ?? "")' instead of '\(completion.reply.text)'" }
      if choice["finish_reason"]?.stringValue != reason {
        return "it ends with \(choice["finish_reason"]?.stringValue ?? "nothing") instead of \(reason)"
      }
    }
    return problem(ofUsage: value["usage"])
  }

  private func problem(ofUsage usage: JSON?) -> String? {
    guard usage?["prompt_tokens"]?.intValue == completion.promptTokens,
      usage?["completion_tokens"]?.intValue == completion.reply.tokens * completion.choices
    else { return "the usage \(usage.map { "\($0.serialized())" } ?? "none")" }
    return nil
  }

  /// What a whole answer tells of its tokens.
  static func usage(in response: ResponseReader.Response) -> JSON? {
    guard response.status == 200 else { return nil }
    if let value = try? JSON(parsing: response.body) { return value["usage"] }
    let events = response.body.split(separator: 0x0A).filter { $0.starts(with: Array("data: ".utf8)) }
    return events.lazy.compactMap { try? JSON(parsing: Array($0.dropFirst(6))) }
      .compactMap { $0["usage"] }.first { $0.objectValue != nil }
  }

  private var reason: String { completion.reply.isStopped ? "stop" : "length" }

  // MARK: - Streams

  private struct Stream {
    var texts: [String]
    var reasons: [String?]
    var status: Int?
    var usage: JSON?
    var isDone = false
  }

  private func problem(ofStream body: [UInt8]) -> String? {
    let (stream, problem) = read(body)
    if let problem { return problem }
    guard stream.isDone else { return "a stream without its end" }
    if let status = stream.status {
      return allows(status: status) ? nil : "a stream that fails with \(status)"
    }
    if stream.texts.contains(where: { $0 != completion.reply.text }) {
      return "the text '\(stream.texts)' instead of '\(completion.reply.text)'"
    }
    if stream.reasons.contains(where: { $0 != reason }) { return "it ends with \(stream.reasons) instead of \(reason)" }
    return completion.extras.includesUsage ? self.problem(ofUsage: stream.usage) : nil
  }

  /// What is wrong with the beginning of a stream.
  func problem(ofPart body: [UInt8]) -> String? {
    let (stream, problem) = read(body)
    if let problem { return problem }
    return stream.texts.allSatisfy(completion.reply.text.hasPrefix)
      ? nil : "the text begins with '\(stream.texts)' instead of '\(completion.reply.text)'"
  }

  private func read(_ body: [UInt8]) -> (Stream, problem: String?) {
    var stream = Stream(
      texts: Array(repeating: "", count: completion.choices), reasons: Array(repeating: nil, count: completion.choices))
    var rest = body[...]
    while let end = rest.firstIndex(of: 0x0A) {
      let line = rest[..<end]
      rest = rest[(end + 1)...]
      if line.isEmpty || line.elementsEqual(Array(": waiting".utf8)) { continue }
      guard line.starts(with: Array("data: ".utf8)) else {
        return (stream, "the line '\(String(decoding: line.prefix(80), as: UTF8.self))' in a stream")
      }
      if stream.isDone { return (stream, "an event behind the last one") }
      let data = line.dropFirst(6)
      if data.elementsEqual(Array("[DONE]".utf8)) {
        stream.isDone = true
        continue
      }
      guard let value = try? JSON(parsing: Array(data)) else {
        return (stream, "the event '\(String(decoding: data.prefix(80), as: UTF8.self))'")
      }
      if let error = value["error"] {
        stream.status = status(of: error)
        continue
      }
      if let usage = value["usage"], usage.objectValue != nil { stream.usage = usage }
      guard let choice = value["choices"]?.arrayValue?.first, let index = choice["index"]?.intValue,
        stream.texts.indices.contains(index)
      else { continue }
      if stream.reasons[index] != nil { return (stream, "choice \(index) goes on behind its end") }
      let text = completion.isChat ? choice["delta"]?["content"]?.stringValue : choice["text"]?.stringValue
      stream.texts[index] += text ?? ""
      stream.reasons[index] = choice["finish_reason"]?.stringValue
    }
    return (stream, nil)
  }

  private func status(of error: JSON) -> Int {
    switch error["code"]?.stringValue {
    case "rate_limit_exceeded", "queue_full": 429
    case "shutting_down": 503
    case "context_length_exceeded", "invalid_value": 400
    default: 500
    }
  }
}
