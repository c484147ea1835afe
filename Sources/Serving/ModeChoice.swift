/// Every way in which a request can ask for thinking or for none, as its client wrote them. The one place where
/// these dialects become a mode.
public struct ModeChoice: Sendable, Equatable {
  /// `model: "name:thinking"` or `"name:instruct"`.
  public var modelSuffix: Mode?
  /// `enable_thinking`, as Alibaba's Model Studio has it.
  public var enableThinking: Bool?
  /// `chat_template_kwargs.enable_thinking`, as vLLM and SGLang have it.
  public var templateArgument: Bool?
  /// `reasoning_effort`, OpenAI's: `none` does not think, every other one does.
  public var reasoningEffort: String?

  /// The efforts OpenAI knows, from none to most.
  public static let efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]

  /// A request that asks for nothing, unless told otherwise.
  public init(
    modelSuffix: Mode? = nil, enableThinking: Bool? = nil, templateArgument: Bool? = nil,
    reasoningEffort: String? = nil
  ) {
    self.modelSuffix = modelSuffix
    self.enableThinking = enableThinking
    self.templateArgument = templateArgument
    self.reasoningEffort = reasoningEffort
  }

  /// The mode the request asks for, or the model's default if it does not ask.
  /// - Throws: `ModeError.contradiction` between two fields; `unavailable` if the model lacks the mode.
  public func resolve(_ modes: ModelModes) throws(ModeError) -> Mode {
    let wishes = wishes
    guard let first = wishes.first else { return modes.default }
    if let other = wishes.first(where: { $0.mode != first.mode }) {
      throw .contradiction(first: first.description, second: other.description, field: other.field)
    }
    guard modes.offered.contains(first.mode) else {
      throw .unavailable(first.mode, askedBy: first.description, field: first.field, offered: modes.offered)
    }
    return first.mode
  }

  private struct Wish {
    let field: String
    let value: String
    let mode: Mode

    var description: String { "\(field) (\(value))" }
  }

  private var wishes: [Wish] {
    func mode(_ thinks: Bool) -> Mode { thinks ? .thinking : .instruct }
    return [
      modelSuffix.map { Wish(field: "model", value: "suffix \":\($0.rawValue)\"", mode: $0) },
      enableThinking.map { Wish(field: "enable_thinking", value: "\($0)", mode: mode($0)) },
      templateArgument.map { Wish(field: "chat_template_kwargs.enable_thinking", value: "\($0)", mode: mode($0)) },
      reasoningEffort.map { Wish(field: "reasoning_effort", value: "\"\($0)\"", mode: mode($0 != "none")) },
    ].compactMap { $0 }
  }
}

/// A wish for a mode that cannot be met.
public enum ModeError: Error, Equatable, CustomStringConvertible {
  /// Two fields want different modes; `field` is the second one's name.
  case contradiction(first: String, second: String, field: String)
  /// The model lacks the mode that `field` wants.
  case unavailable(Mode, askedBy: String, field: String, offered: [Mode])

  /// The request field to blame.
  public var field: String {
    switch self {
    case .contradiction(_, _, let field), .unavailable(_, _, let field, _): field
    }
  }

  /// One sentence for the client.
  public var description: String {
    switch self {
    case .contradiction(let first, let second, _):
      "\(first) and \(second) contradict each other: one asks for thinking, the other for none."
    case .unavailable(let mode, let askedBy, _, let offered):
      "\(askedBy) asks for \(mode.rawValue) mode, but this model offers only "
        + offered.map(\.rawValue).joined(separator: " and ") + " mode."
    }
  }
}
