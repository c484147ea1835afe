import JSON

/// The format of Qwen3-Coder and Qwen3.5, which resembles XML but escapes nothing:
///
///     <function=name>
///     <parameter=key>
///     value
///     </parameter>
///     </function>
///
/// A value may hold any text, so its end is the first `</parameter>` that another parameter or the end of the function
/// follows. A function that ends without its parameter's end is malformed. Parameters are told one by one; of several
/// with one name, readers of JSON take the last.
struct XMLToolCallScanner: Sendable {
  private enum Phase: Sendable { case beforeFunction, functionName, betweenParameters, parameterName, value, after }

  private static let function = Array("<function=".utf8)
  private static let functionEnd = Array("</function>".utf8)
  private static let parameter = Array("<parameter=".utf8)
  private static let parameterEnd = Array("</parameter>".utf8)

  private var phase = Phase.beforeFunction
  private var position: Int
  /// Where the name or value being read starts.
  private var start = 0
  private var name = 0..<0
  private var parameters: [(key: Range<Int>, value: Range<Int>)] = []
  /// Parameters that have been told.
  private var told = 0
  private var isEndTold = false
  /// How much of the buffer is settled: the parameters that are complete, and what is in front of them.
  private(set) var settled = 0

  init(start: Int) { position = start }

  /// Whether a first parameter has begun, so that arguments can be told.
  var hasBegun: Bool { !parameters.isEmpty }

  /// The function's name.
  func name(_ buffer: [UInt8]) -> String { buffer.text(name) }

  var lacksOnlyClosingTag: Bool { phase == .after }

  mutating func scan(_ buffer: [UInt8]) -> ToolCallVerdict {
    while true {
      let verdict: ToolCallVerdict?
      switch phase {
      case .beforeFunction: verdict = expect([(Self.function, .functionName)], buffer)
      case .betweenParameters:
        verdict = expect([(Self.parameter, .parameterName), (Self.functionEnd, .after)], buffer)
      case .functionName, .parameterName: verdict = scanName(buffer)
      case .value: verdict = scanValue(buffer)
      case .after: return scanClosingTag(buffer, from: &position)
      }
      if let verdict { return verdict }
    }
  }

  /// Skips white space and one of the literals, and enters its phase; nil if that is done.
  private mutating func expect(_ literals: [([UInt8], Phase)], _ buffer: [UInt8]) -> ToolCallVerdict? {
    position = buffer.skippingWhitespace(from: position)
    var verdict = ToolCallVerdict.malformed
    for (literal, next) in literals {
      switch buffer.match(literal, at: position) {
      case .whole:
        position += literal.count
        (phase, start) = (next, position)
        return nil
      case .partial: verdict = .incomplete
      case .none: break
      }
    }
    return verdict
  }

  private mutating func scanName(_ buffer: [UInt8]) -> ToolCallVerdict? {
    while position < buffer.count {
      switch buffer[position] {
      case UInt8(ascii: ">"):
        guard position > start else { return .malformed }
        if phase == .functionName {
          (name, phase) = (start..<position, .betweenParameters)
        } else {
          if parameters.isEmpty { settled = start - Self.parameter.count }
          parameters.append((start..<position, 0..<0))
          phase = .value
        }
        position += 1
        start = position
        return nil
      case UInt8(ascii: "<"), UInt8.newline: return .malformed
      default: position += 1
      }
    }
    return .incomplete
  }

  private mutating func scanValue(_ buffer: [UInt8]) -> ToolCallVerdict? {
    while position < buffer.count {
      guard buffer[position] == UInt8(ascii: "<") else {
        position += 1
        continue
      }
      switch buffer.match(Self.parameterEnd, at: position, followedBy: [Self.parameter, Self.functionEnd]) {
      case .whole:
        parameters[parameters.count - 1].value = start..<position
        position += Self.parameterEnd.count
        (phase, settled) = (.betweenParameters, position)
        return nil
      case .partial: return .incomplete
      case .none: break
      }
      for end in [Self.parameterEnd, Self.functionEnd] {
        switch buffer.match(end, at: position, followedBy: [ToolCallTag.close]) {
        case .whole: return .malformed
        case .partial: return .incomplete
        case .none: break
        }
      }
      position += 1
    }
    return .incomplete
  }

  /// What is known of the arguments and has not been told: a member for each parameter that is complete.
  ///
  /// - Parameter isCut: whether nothing follows, so that the beginning of a value is all there is of it.
  mutating func takeArguments(_ buffer: [UInt8], _ schemas: [String: JSON], isCut: Bool = false) -> String {
    let typing = ParameterTyping(schema: schemas[name(buffer)])
    let complete = phase == .value ? parameters.count - 1 : parameters.count
    var text = ""
    for index in told..<max(told, complete) {
      let key = buffer.text(parameters[index].key)
      text += opening(index, key) + typing.json(buffer.text(inside(parameters[index].value, buffer)), of: key)
    }
    told = max(told, complete)
    if isCut, phase == .value, let last = parameters.last {
      // What may be a closing tag is none of the value.
      let value = inside(start..<position, buffer, isCut: position == buffer.count)
      let (key, inner) = (buffer.text(last.key), buffer.text(value))
      let isClosed = buffer.match(Self.parameterEnd, at: position) == .whole
      text += opening(complete, key)
      text += isClosed ? typing.json(inner, of: key) : String(JSON.string(inner).serialized().dropLast())
    }
    if phase == .after, !isEndTold {
      isEndTold = true
      text += parameters.isEmpty ? "{}" : "}"
    }
    return text
  }

  private func opening(_ index: Int, _ key: String) -> String {
    (index == 0 ? "{" : ",") + JSON.string(key).serialized() + ":"
  }

  /// A value without the line breaks after the opening tag and before the closing one, which are not part of it.
  private func inside(_ value: Range<Int>, _ buffer: [UInt8], isCut: Bool = false) -> Range<Int> {
    var (start, end) = (value.lowerBound, value.upperBound)
    if start < end, buffer[start] == .newline { start += 1 }
    if start < end, !isCut, buffer[end - 1] == .newline { end -= 1 }
    return start..<end
  }
}

extension [UInt8] {
  /// Matches `literal`, any white space, and one of the literals that may follow.
  fileprivate func match(_ literal: [UInt8], at start: Int, followedBy next: [[UInt8]]) -> LiteralMatch {
    let first = match(literal, at: start)
    guard first == .whole else { return first }
    let following = skippingWhitespace(from: start + literal.count)
    var result = LiteralMatch.none
    for literal in next {
      switch match(literal, at: following) {
      case .whole: return .whole
      case .partial: result = .partial
      case .none: break
      }
    }
    return result
  }
}
