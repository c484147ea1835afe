import JSON
import OutputParsing
public import Sampling
public import Serving

/// A whole reply.
public struct CollectedReply: Sendable {
  /// The answer.
  public var content = ""
  /// The thoughts.
  public var reasoning = ""
  /// The tool calls: name and arguments.
  public var calls: [[String]] = []
  /// Why it ended; nil if it did not, or failed.
  public var finish: FinishReason?
  /// What it took.
  public var usage: TokenUsage?
  /// Why it failed.
  public var error: GenerationError?

  /// The scores of what was told, in order.
  public var scores: [TokenScore] = []
  /// How it ended; nil if it did not, or failed.
  public var end: ChoiceEnd?
  /// The prompt's scores, if they were told.
  public var promptScores: [TokenScore?]?

  /// Reads a generation of one reply to its end.
  public init(_ generation: Generation) async {
    self = await Self.all(generation)[0]
  }

  private init() {}

  /// Reads a generation to its end; its usage is that of all replies.
  public static func all(_ generation: Generation) async -> [CollectedReply] {
    var replies = generation.ids.map { _ in CollectedReply() }
    for await event in generation.events {
      switch event {
      case .promptScores(let scores): for index in replies.indices { replies[index].promptScores = scores }
      case .output(let event, let scores, let choice): replies[choice].take(event, scores)
      case .ended(let end, let choice):
        replies[choice].finish = end.reason
        replies[choice].end = end
        replies[choice].scores += end.scores
      case .finished(let usage): for index in replies.indices { replies[index].usage = usage }
      case .failed(let error): for index in replies.indices { replies[index].error = error }
      }
    }
    return replies
  }

  private mutating func take(_ event: OutputEvent, _ scores: [TokenScore]) {
    self.scores += scores
    switch event {
    case .content(let text): content += text
    case .reasoning(let text): reasoning += text
    case .toolCallStarted(_, let name): calls.append([name, ""])
    case .toolCallArguments(let index, let fragment): calls[index][1] += fragment
    case .toolCallEnded, .stopped: break
    }
  }
}

extension ChatRequest {
  /// A question of a user.
  public static func asking(_ text: String, mode: Mode = .instruct) -> ChatRequest {
    ChatRequest(name: "test", messages: [["role": "user", "content": .string(text)]], mode: mode)
  }
}
