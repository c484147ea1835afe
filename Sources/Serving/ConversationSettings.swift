import ModelFiles
import OutputParsing

/// What the server's owner decides about conversations, where it differs from what the model's files say.
public struct ConversationSettings: Sendable, Equatable {
  /// How the model writes tool calls.
  public var toolCalls = ToolCallSetting.automatic
  /// What is written where a thought has used up its budget; nil takes a line break and the closing tag.
  public var closingText: String?
  /// Sampling of each mode, in front of `generation_config.json` and behind what a request says.
  public var sampling: [Mode: SamplingOverrides] = [:]

  /// Leaves all to the model's files.
  public init() {}
}

/// How a model writes tool calls, as people set it.
public enum ToolCallSetting: String, Sendable, CaseIterable {
  /// As its chat template teaches it.
  case automatic = "auto"
  /// Qwen3's JSON between tags.
  case json
  /// The tagged parameters of Qwen3-Coder and Qwen3.5.
  case xml
  /// Not at all: calls are text.
  case none

  /// The format for a model with this template.
  func format(template source: String) -> ToolCallFormat? {
    switch self {
    case .automatic: .detect(inTemplate: source)
    case .json: .json
    case .xml: .xml
    case .none: nil
    }
  }
}

extension SamplingOverrides {
  /// Reads assignments such as `temperature=0.6`, `top-p=0.95`, `top-k=20`, `min-p=0`, `presence-penalty=1.5`,
  /// `frequency-penalty=0`, `repetition-penalty=1.05`; nil where one is none, or out of range.
  public init?(assignments: [String]) {
    self.init()
    for assignment in assignments {
      let parts = assignment.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let number = Double(parts[1]), number.isFinite else { return nil }
      switch parts[0] {
      case "temperature": temperature = number
      case "top-p": topP = number
      case "top-k":
        guard let whole = Int(exactly: number) else { return nil }
        topK = whole
      case "min-p": minP = number
      case "presence-penalty": presencePenalty = number
      case "frequency-penalty": frequencyPenalty = number
      case "repetition-penalty": repetitionPenalty = number
      default: return nil
      }
    }
    guard (try? SamplingDefaults(.init()).parameters(self, seed: 0)) != nil else { return nil }
  }

  /// These values, and those of `other` where there is none.
  func completed(by other: SamplingOverrides) -> SamplingOverrides {
    var result = self
    result.temperature = temperature ?? other.temperature
    result.topP = topP ?? other.topP
    result.topK = topK ?? other.topK
    result.minP = minP ?? other.minP
    result.repetitionPenalty = repetitionPenalty ?? other.repetitionPenalty
    result.frequencyPenalty = frequencyPenalty ?? other.frequencyPenalty
    result.presencePenalty = presencePenalty ?? other.presencePenalty
    result.bias = other.bias.merging(bias) { _, own in own }
    return result
  }
}
