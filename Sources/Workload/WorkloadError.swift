/// A trace, recipe or option that cannot be used.
public enum WorkloadError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A line of a trace file is not what it has to be.
  case badLine(number: Int, expected: String, found: String)
  /// The file is larger than is read.
  case fileTooLarge(bytes: Int, limit: Int)
  /// There is nothing in the trace.
  case emptyTrace
  /// A value of a recipe is outside its range.
  case invalidOption(name: String, expected: String, found: String)

  /// One sentence, with the place.
  public var description: String {
    switch self {
    case .badLine(let number, let expected, let found): "line \(number): expected \(expected), found \(found)"
    case .fileTooLarge(let bytes, let limit): "a trace of \(bytes) bytes; at most \(limit) are read"
    case .emptyTrace: "a trace without conversations; expected a line for each after the first"
    case .invalidOption(let name, let expected, let found): "\(name): expected \(expected), found \(found)"
    }
  }
}
