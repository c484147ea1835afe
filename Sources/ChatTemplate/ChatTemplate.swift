public import Foundation
public import JSON

/// A compiled chat template: Jinja as Hugging Face's transformers sets it up.
public struct ChatTemplate: Sendable {
  /// The template's source.
  public let source: String

  /// The names the template takes from outside, such as "messages", "tools" or "enable_thinking".
  public let referencedVariables: Set<String>

  /// Compiles a template. Throws where the source is no valid template or uses what is not supported.
  public init(source: String) throws(TemplateError) {
    self.source = source
    referencedVariables = []
  }

  /// Renders the template with the given variables. `now` is what `strftime_now` formats.
  public func render(
    _ variables: JSONObject, limits: TemplateLimits = .default, now: Date
  ) throws(TemplateError) -> String {
    throw TemplateError(.unsupported, "rendering", line: 1, column: 1)
  }
}
