public import ChatTemplate
public import Engine

/// Why a request gets no reply, or no whole one.
public enum GenerationError: Error {
  /// The chat template refused the conversation.
  case template(TemplateError)
  /// The prompt leaves no room for a reply.
  case promptTooLong(promptTokens: Int, contextLength: Int)
  /// A sampling value is out of range.
  case invalidParameter(name: String, message: String)
  /// More replies are asked for than can run and wait together.
  case tooManyChoices(Int, limit: Int)
  /// As many requests are waiting as may.
  case queueFull(limit: Int)
  /// It cannot be served in time, or its tenant has as many requests as one may: `reason` says which, with the numbers.
  /// In `retryAfter` seconds it may be otherwise.
  case refused(reason: String, retryAfter: Double)
  /// The server is stopping.
  case draining
  /// Following the grammar of the content takes too much: it is too ambiguous.
  case constraintTooDear
  /// A file of the model, which has this name, was changed while the model ran: it serves nobody any more.
  case fileChanged(name: String)
  /// The engine refused a step.
  case engine(EngineError)
  /// A defect in the server.
  case defect(String)
}

extension GenerationError: CustomStringConvertible {
  /// One sentence for the client.
  public var description: String {
    switch self {
    case .template(let error): "The chat template refused the conversation: \(error)"
    case .promptTooLong(let promptTokens, let contextLength):
      "This model's maximum context length is \(contextLength) tokens, but the messages resulted in "
        + "\(promptTokens) tokens, which leaves no room for a reply. Please shorten the messages."
    case .invalidParameter(_, let message): message
    case .tooManyChoices(let count, let limit):
      "\(count) choices are asked for, but this server takes no more than \(limit) at a time."
    case .queueFull(let limit): "The server is busy: \(limit) requests are running or waiting. Please retry later."
    case .refused(let reason, _): "The request is refused: \(reason)."
    case .draining: "The server is shutting down."
    case .constraintTooDear:
      "The grammar that the reply has to follow is too ambiguous to be followed further. Please simplify it."
    case .fileChanged(let name): "The model's file '\(name)' was changed while the model ran."
    case .engine(let error): "The engine failed: \(error)"
    case .defect(let what): "Internal error: \(what)"
    }
  }
}
