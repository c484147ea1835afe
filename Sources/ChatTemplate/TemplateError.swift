/// Why a template cannot be compiled or rendered, and where in its source.
public struct TemplateError: Error, Hashable {
  /// The kinds of failure. All but `limit`, `unsupported` and `raised` are failures in Jinja too.
  public enum Kind: String, Sendable, Hashable {
    /// The source is not a Jinja template.
    case syntax
    /// An undefined value was used as if it were defined.
    case undefined
    /// An operation on a kind of value it is not defined for, or a call with the wrong arguments.
    case type
    /// A value an operation cannot work on, such as a zero divisor.
    case value
    /// Something the sandbox forbids, such as changing a list.
    case security
    /// A limit of `TemplateLimits` was reached.
    case limit
    /// Valid Jinja that this engine does not render; never rendered approximately.
    case unsupported
    /// The template itself called `raise_exception`; the message is its argument.
    case raised
  }

  /// The kind of failure.
  public let kind: Kind
  /// What went wrong, in one sentence.
  public let message: String
  /// The line of the construct that failed, from 1.
  public let line: Int
  /// The column of the construct that failed in Unicode scalars, from 1.
  public let column: Int

  init(_ kind: Kind, _ message: String, line: Int, column: Int) {
    self.kind = kind
    self.message = message
    self.line = line
    self.column = column
  }

  init(_ fault: Fault, at position: Position) {
    let position = fault.position ?? position
    self.init(fault.kind, fault.message, line: Int(position.line), column: Int(position.column))
  }
}

extension TemplateError: CustomStringConvertible {
  /// The message with its position.
  public var description: String { "\(message) (template line \(line), column \(column))" }
}

/// A failure while rendering. Operations on values know no position; the innermost node being evaluated adds it.
struct Fault: Error {
  let kind: TemplateError.Kind
  let message: String
  private(set) var position: Position?

  init(_ kind: TemplateError.Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// The failure at `position` unless it already has one.
  func located(at position: Position) -> Fault {
    var fault = self
    fault.position = self.position ?? position
    return fault
  }
}

/// A place in the template source; both numbers count from 1.
struct Position: Sendable, Hashable {
  var line: Int32
  var column: Int32
}
