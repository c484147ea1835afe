public import ChatTemplate
import Foundation
import JSON

/// The modes a model offers, found out from its chat template, and how the template is told which one is wanted.
///
/// Templates of hybrid models look at a variable, mostly `enable_thinking`. Others write an opening `<think>`, or handle
/// one in earlier replies: those models always think. A template that knows no `<think>` belongs to a model that
/// never does.
public struct ModelModes: Sendable, Hashable {
  /// The modes on offer, instruct first; never empty.
  public let offered: [Mode]
  /// What the model does when a request does not say.
  public let `default`: Mode
  /// The variable by which the template is told; nil if it cannot be.
  let switchVariable: String?

  /// The template variables that switch thinking on and off: Qwen's and DeepSeek's.
  public static let switchVariables = ["enable_thinking", "thinking"]

  /// Reads the modes off a compiled template.
  public init(_ template: ChatTemplate) {
    switchVariable = Self.switchVariables.first { template.referencedVariables.contains($0) }
    if let switchVariable {
      offered = [.instruct, .thinking]
      `default` = Self.defaultMode(of: template, switchedBy: switchVariable)
    } else {
      offered = template.source.contains(ReasoningMarks.open) ? [.thinking] : [.instruct]
      `default` = offered[0]
    }
  }

  /// The modes of two checkpoints of which one replies at once and the other thinks. By default the first decides.
  /// - Throws: `ServingError.invalidSetting` if one of them lacks its mode.
  init(instruct: ModelModes, thinking: ModelModes) throws(ServingError) {
    guard instruct.offered.contains(.instruct) else {
      throw .invalidSetting(
        name: "model", expected: "beside a thinking-model one that can reply without thinking", found: "one that cannot"
      )
    }
    guard thinking.canThink else {
      throw .invalidSetting(name: "thinking-model", expected: "a model that thinks", found: "one that does not")
    }
    offered = [.instruct, .thinking]
    `default` = instruct.default
    switchVariable = nil
  }

  /// Compiles a template and reads its modes.
  /// - Throws: `ServingError.template` if the source is not a template.
  public init(chatTemplate source: String) throws(ServingError) {
    do {
      self.init(try ChatTemplate(source: source))
    } catch {
      throw .template(path: nil, error)
    }
  }

  /// The modes' names as requests and `model:mode` suffixes spell them.
  public var names: [String] { offered.map(\.rawValue) }

  /// Whether replies may contain thinking tags at all.
  var canThink: Bool { offered.contains(.thinking) }

  /// The template variables that choose the mode.
  func templateArguments(for mode: Mode) -> JSONObject {
    switchVariable.map { [$0: .bool(mode == .thinking)] } ?? [:]
  }

  /// Renders a short conversation with the switch on, off and absent: absent means whichever it equals. Where that
  /// does not decide (a template may need more than this conversation), an opened thought does.
  private static func defaultMode(of template: ChatTemplate, switchedBy switchVariable: String) -> Mode {
    func render(_ thinking: JSON?) -> String? {
      var variables = ChatTemplate.conversationDefaults
      variables["messages"] = [["role": "user", "content": "Hello"]]
      variables["add_generation_prompt"] = true
      variables[switchVariable] = thinking
      return try? template.render(variables, now: Date(timeIntervalSince1970: 0))
    }
    guard let absent = render(nil) else { return .thinking }
    let (on, off) = (render(.bool(true)), render(.bool(false)))
    if absent == on, absent != off { return .thinking }
    if absent == off, absent != on { return .instruct }
    return ReasoningMarks.isOpen(atEndOf: absent) ? .thinking : .instruct
  }
}
