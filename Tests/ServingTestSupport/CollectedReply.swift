import JSON
import OutputParsing
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

  /// Reads a generation to its end.
  public init(_ generation: Generation) async {
    for await event in generation.events {
      switch event {
      case .output(let event): take(event)
      case .finished(let finish, let usage): (self.finish, self.usage) = (finish, usage)
      case .failed(let error): self.error = error
      }
    }
  }

  private mutating func take(_ event: OutputEvent) {
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
