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
/// follows. A function that ends without its parameter's end is malformed.
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

  init(start: Int) { position = start }

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
        phase = .betweenParameters
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

  /// A line break after a parameter's opening tag and one before its closing tag are not part of the value.
  func call(_ buffer: [UInt8], schemas: [String: JSON]) -> ToolCall {
    let name = buffer.text(name)
    let typing = ParameterTyping(schema: schemas[name])
    var arguments: [(key: String, value: String)] = []
    for (key, value) in parameters {
      var (start, end) = (value.lowerBound, value.upperBound)
      if start < end, buffer[start] == .newline { start += 1 }
      if start < end, buffer[end - 1] == .newline { end -= 1 }
      let key = buffer.text(key)
      let value = typing.json(buffer.text(start..<end), of: key)
      if let index = arguments.firstIndex(where: { $0.key.utf8.elementsEqual(key.utf8) }) {
        arguments[index].value = value
      } else {
        arguments.append((key, value))
      }
    }
    let members = arguments.map { JSON.string($0.key).serialized() + ":" + $0.value }
    return ToolCall(name: name, arguments: "{" + members.joined(separator: ",") + "}")
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
