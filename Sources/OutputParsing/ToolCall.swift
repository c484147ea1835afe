import JSON

/// A tool call a model wrote, complete and valid.
struct ToolCall: Equatable {
  let name: String
  /// JSON text of an object.
  let arguments: String
}

/// What is known of a tool call from the bytes so far.
enum ToolCallVerdict: Equatable {
  case incomplete
  /// Whatever follows, this is no call.
  case malformed
  /// The call ends before this index.
  case complete(end: Int)
}

/// The tags around a call, the same in both formats.
enum ToolCallTag {
  static let open = Array(ToolCallFormat.openingTag.utf8)
  static let close = Array(ToolCallFormat.closingTag.utf8)
}

/// Follows a tool call through a growing buffer, looking at every byte once.
enum ToolCallScanner: Sendable {
  case json(JSONToolCallScanner)
  case xml(XMLToolCallScanner)

  /// A scanner for a call whose body starts at `start`, after its opening tag.
  init(_ format: ToolCallFormat, start: Int) {
    switch format {
    case .json: self = .json(JSONToolCallScanner(start: start))
    case .xml: self = .xml(XMLToolCallScanner(start: start))
    }
  }

  /// Goes on where it stopped; `buffer` has grown at its end only.
  mutating func scan(_ buffer: [UInt8]) -> ToolCallVerdict {
    switch self {
    case .json(var scanner):
      defer { self = .json(scanner) }
      return scanner.scan(buffer)
    case .xml(var scanner):
      defer { self = .xml(scanner) }
      return scanner.scan(buffer)
    }
  }

  /// Whether only the closing tag, or a part of it, is missing: then the end of the response ends the call, too.
  var lacksOnlyClosingTag: Bool {
    switch self {
    case .json(let scanner): scanner.lacksOnlyClosingTag
    case .xml(let scanner): scanner.lacksOnlyClosingTag
    }
  }

  /// The name of a call whose arguments can be told while they are written; nil before that is known.
  func begunName(_ buffer: [UInt8]) -> String? {
    switch self {
    case .json(let scanner): scanner.hasBegun ? scanner.name : nil
    case .xml(let scanner): scanner.hasBegun ? scanner.name(buffer) : nil
    }
  }

  /// What is known of the arguments and has not been told.
  ///
  /// - Parameter isCut: whether nothing follows.
  mutating func takeArguments(_ buffer: [UInt8], schemas: [String: JSON], isCut: Bool) -> String {
    switch self {
    case .json(var scanner):
      defer { self = .json(scanner) }
      return scanner.takeArguments(buffer)
    case .xml(var scanner):
      defer { self = .xml(scanner) }
      return scanner.takeArguments(buffer, schemas, isCut: isCut)
    }
  }

  /// How much of the buffer belongs to what has been told of the call.
  var settled: Int {
    switch self {
    case .json(let scanner): scanner.settled
    case .xml(let scanner): scanner.settled
    }
  }

  /// The call that `scan` found complete, in whole; nil if its contents are not a call after all.
  func call(_ buffer: [UInt8], schemas: [String: JSON]) -> ToolCall? {
    switch self {
    case .json(let scanner): return scanner.call(buffer)
    case .xml(var scanner):
      return ToolCall(name: scanner.name(buffer), arguments: scanner.takeArguments(buffer, schemas))
    }
  }
}

/// Skips white space and expects the closing tag; `position` moves up to it.
func scanClosingTag(_ buffer: [UInt8], from position: inout Int) -> ToolCallVerdict {
  position = buffer.skippingWhitespace(from: position)
  switch buffer.match(ToolCallTag.close, at: position) {
  case .whole: return .complete(end: position + ToolCallTag.close.count)
  case .partial: return .incomplete
  case .none: return .malformed
  }
}
