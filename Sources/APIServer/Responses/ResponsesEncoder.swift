import JSON
import OutputParsing
import Sampling
import Serving

/// Writes a reply as the Responses API does: a response object that fills with items, and the events that tell of it.
struct ResponsesEncoder: ReplyEncoder {
  /// When the response is in the store.
  enum Keeping {
    case nothing
    case atEnd
    case throughout
  }

  let keeping: Keeping
  let object: ResponseObject
  /// Every item the response answers.
  let input: [JSON]
  /// The key that let the request in.
  let owner: String?
  /// Writes scores; nil leaves them out.
  private let scoreEncoder: TokenScoreEncoder?
  private var parts = ReplyParts(callPrefix: "call_")
  private var items: [ResponsesItem] = []
  private var end: ChoiceEnd?
  private var failure: APIError?
  private var usage: TokenUsage?
  private var sequenceNumber = 0

  init(
    _ object: ResponseObject, input: [JSON], owner: String?, scoreEncoder: TokenScoreEncoder?, keeping: Keeping
  ) {
    self.owner = owner
    self.keeping = keeping
    self.object = object
    self.input = input
    self.scoreEncoder = scoreEncoder
  }

  func whole() -> JSON {
    object.json(
      status, output: items.map(\.json), usage: usage, incomplete: status == "incomplete" ? "max_output_tokens" : nil,
      error: failure)
  }

  private var status: String {
    if failure != nil { return "failed" }
    guard usage != nil, let end else { return "in_progress" }
    return end.reason == .length ? "incomplete" : "completed"
  }

  // MARK: - Events

  mutating func begin() -> [ReplyFrame] { [tell("response.created"), tell("response.in_progress")] }

  mutating func take(_ event: OutputEvent, _ scores: [TokenScore], choice _: Int) -> [ReplyFrame] {
    follow(parts.take(event), scores)
  }

  mutating func take(_ end: ChoiceEnd, choice _: Int) -> [ReplyFrame] {
    self.end = end
    return follow(parts.close(), end.scores, isCut: end.reason == .length)
  }

  mutating func finish(_ usage: TokenUsage) -> [ReplyFrame] {
    self.usage = usage
    return [tell(status == "incomplete" ? "response.incomplete" : "response.completed")]
  }

  mutating func fail(_ error: APIError) -> [ReplyFrame] {
    failure = error
    return [tell("response.failed")]
  }

  private mutating func tell(_ event: StaticString) -> ReplyFrame { frame(event, ["response": whole()]) }

  private mutating func frame(_ event: StaticString, _ members: JSONObject) -> ReplyFrame {
    var object: JSONObject = ["type": .string(event.description), "sequence_number": .integer(sequenceNumber)]
    for (name, value) in members { object[name] = value }
    sequenceNumber += 1
    return ReplyFrame(event: event, .object(object))
  }

  private mutating func follow(
    _ changes: [ReplyParts.Change], _ scores: [TokenScore], isCut: Bool = false
  ) -> [ReplyFrame] {
    let logprobs = scoreEncoder.map { $0.logprobs(scores)["content"]?.arrayValue ?? [] } ?? []
    return changes.flatMap { change in
      switch change {
      case .opened(let index):
        items.append(ResponsesItem(parts.parts[index].kind))
        return events(items[index].opening, index)
      case .grew(let index, let text):
        items[index].grow(text, logprobs)
        return events([items[index].growth(text, logprobs)], index)
      case .closed(let index):
        // A call that was begun and broke off is one that the client must not make.
        let part = parts.parts[index]
        let isBroken = part.isToolCall ? !part.isWholeCall : isCut
        items[index].close(isBroken ? .incomplete : .completed)
        return events(items[index].closing, index)
      }
    }
  }

  private mutating func events(_ events: [ResponsesItem.Event], _ index: Int) -> [ReplyFrame] {
    events.map { event in
      var members: JSONObject = ["output_index": .integer(index)]
      for (name, value) in event.members { members[name] = value }
      return frame(event.type, members)
    }
  }
}
