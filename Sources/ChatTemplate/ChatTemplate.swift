public import Foundation
public import JSON

/// A compiled chat template: Jinja as Hugging Face's transformers sets it up.
///
/// That is Jinja with `trim_blocks` and `lstrip_blocks`, the loop controls, `{% generation %}` blocks, a `tojson` that
/// keeps the order of keys and escapes nothing for HTML, `raise_exception` and `strftime_now`, in a sandbox that
/// changes no value but namespaces. A template either renders as there or fails with a position.
public struct ChatTemplate: Sendable {
  /// The template's source.
  public let source: String

  private let statements: [Statement]
  private let resolution: Resolution

  /// Compiles a template. Throws where the source is no valid template or uses what is not supported.
  public init(source: String) throws(TemplateError) {
    self.source = source
    var parser = try Parser(source)
    statements = try parser.template()
    resolution = try Resolver.resolve(
      statements, nameUseCount: parser.nameUseCount, scopeCount: parser.scopeCount)
    if resolution.outsideNames.contains("self") {
      throw TemplateError(.unsupported, "the variable 'self' is not supported", line: 1, column: 1)
    }
  }

  /// The names the template takes from outside, such as "messages", "tools" or "enable_thinking".
  public var referencedVariables: Set<String> {
    Set(resolution.outsideNames).subtracting(GlobalFunction.allCases.map(\.rawValue))
  }

  /// Renders the template with the given variables. `now` is what `strftime_now` formats, in local time.
  public func render(
    _ variables: JSONObject, limits: TemplateLimits = .default, now: Date
  ) throws(TemplateError) -> String {
    do throws(Fault) {
      let runtime = Runtime(budget: Budget(limits), now: now.timeIntervalSince1970)
      return try Interpreter(resolution, variables: variables, runtime: runtime).render(statements)
    } catch {
      throw TemplateError(error, at: Position(line: 1, column: 1))
    }
  }
}
