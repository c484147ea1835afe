/// Splits a model's text into reasoning, content and tool calls while it arrives, and ends it at a stop string.
///
/// The result depends on the bytes alone, not on how they are cut: every decision falls at the byte that completes a
/// delimiter. Only what may still become (part of) a delimiter is held back, with white space in front of it where
/// that would be trimmed.
///
/// - Reasoning opens at the start of the response or of a section, never in the middle of an answer, where a tag is
///   text. Reasoning that never closes stays reasoning. Line breaks at its ends and after it are trimmed.
/// - A tool call is told while it is written, from where its arguments begin (those of an object that comes after the
///   name, or a first tagged parameter), else when it is complete. What turns out not to be a call before that stays in
///   the text it stands in, whole; a call that breaks off later is told up to there without an end, and what follows is
///   text. White space around calls is trimmed. A call that ends the response needs no closing tag.
/// - A call at the start of a line inside reasoning is a call and ends the reasoning. If a closing reasoning tag follows
///   right after it, that is swallowed; inside a call begun in reasoning it shows that this was no call, so that such a
///   call is told only when it is complete.
/// - Of several stop strings the one that is complete first counts, and of those the longest. Content ends before it.
public struct OutputParser: Sendable {
  private enum Section: Sendable { case reasoning, content }

  private enum State: Sendable {
    case text
    /// After an opening tag that starts at `start`.
    case toolCall(ToolCallScanner, start: Int)
    case stopped
  }

  private enum Delimiter { case open, close, toolCall }

  private enum Trimming { case none, newlines, whitespace }

  private let format: OutputFormat
  private let tags: [(Delimiter, [UInt8])]
  private let closeTag: [UInt8]
  private let stops: [[UInt8]]
  /// Whether a byte ends any of them.
  private let isEnding: [Bool]

  private var section: Section
  private var state = State.text
  /// Text of the section not yet told; its first `scanned` bytes complete no delimiter.
  private var buffer: [UInt8] = []
  private var scanned = 0
  /// What is dropped at the start of the section.
  private var trimming = Trimming.none
  /// Nothing of the section has been told.
  private var isSectionEmpty = true
  /// What has been told of the section ends with a line break and blanks, or is empty.
  private var isAtLineStart = true
  /// A call ended the reasoning, so a closing tag may still follow.
  private var mayCloseLate = false
  private var callCount = 0
  /// The call that is being read has been told of.
  private var isCallTold = false
  /// Bytes of the response in front of the buffer.
  private var offset = 0

  /// The parts of the response, as ranges of its bytes, that the last `consume` or `finish` told as content.
  public private(set) var contentRanges: [Range<Int>] = []

  /// A parser at the start of a response. Empty tags and stop strings are ignored.
  public init(format: OutputFormat) {
    self.format = format
    section = format.startsInReasoning ? .reasoning : .content
    if format.startsInReasoning { trimming = .newlines }
    closeTag = Array(format.reasoning?.close.utf8 ?? "".utf8)
    var tags: [(Delimiter, [UInt8])] = [(.close, closeTag), (.open, Array(format.reasoning?.open.utf8 ?? "".utf8))]
    if format.parsesToolCalls, format.tools != nil { tags.append((.toolCall, ToolCallTag.open)) }
    self.tags = tags.filter { !$0.1.isEmpty }
    stops = format.stop.map { Array($0.utf8) }.filter { !$0.isEmpty }
    var isEnding = [Bool](repeating: false, count: 256)
    for delimiter in tags.map(\.1) + stops { if let last = delimiter.last { isEnding[Int(last)] = true } }
    self.isEnding = isEnding
  }

  /// Whether the text so far ends inside reasoning.
  public var isInReasoning: Bool { section == .reasoning }

  /// What the text so far has of a tool call behind its opening tag, where it ends inside one; nil elsewhere.
  public var openCall: [UInt8]? {
    guard case .toolCall(_, let start) = state else { return nil }
    return Array(buffer[(start + ToolCallTag.open.count)...])
  }

  /// How many bytes at the end of the text so far may still become anything.
  public var undecidedBytes: Int { buffer.count }

  /// Takes the next piece of text, cut anywhere between scalars, and returns what is certain by now.
  public mutating func consume(_ text: String) -> [OutputEvent] {
    contentRanges = []
    if case .stopped = state { return [] }
    buffer += text.utf8
    var events: [OutputEvent] = []
    while advance(isFinal: false, &events) {}
    return events
  }

  /// Ends the response, and returns what was held back.
  public mutating func finish() -> [OutputEvent] {
    contentRanges = []
    var events: [OutputEvent] = []
    while advance(isFinal: true, &events) {}
    state = .stopped
    return events
  }

  /// Returns whether there may be more to do.
  private mutating func advance(isFinal: Bool, _ events: inout [OutputEvent]) -> Bool {
    switch state {
    case .text: scanText(isFinal: isFinal, &events)
    case .toolCall(let scanner, let start): scanToolCall(scanner, start: start, isFinal: isFinal, &events)
    case .stopped: false
    }
  }

  // MARK: - Text

  private mutating func scanText(isFinal: Bool, _ events: inout [OutputEvent]) -> Bool {
    trimStart()
    while scanned < buffer.count {
      scanned += 1
      guard isEnding[Int(buffer[scanned - 1])] else { continue }
      if section == .content, let stop = longestStop(endingAt: scanned) {
        tell(scanned - stop.count, &events)
        events.append(.stopped(String(decoding: stop, as: UTF8.self)))
        drop(buffer.count)
        state = .stopped
        return false
      }
      for (delimiter, tag) in tags where buffer.has(tag, endingAt: scanned) {
        let start = scanned - tag.count
        guard canBegin(delimiter, at: start) else { continue }
        enter(delimiter, start: start, end: scanned, &events)
        return true
      }
    }
    if isFinal {
      tell(section == .reasoning ? startOfNewlines(before: buffer.count) : buffer.count, &events)
      drop(buffer.count)
    } else {
      tell(buffer.count - heldBack(), &events)
    }
    return false
  }

  private mutating func enter(_ delimiter: Delimiter, start: Int, end: Int, _ events: inout [OutputEvent]) {
    switch delimiter {
    case .toolCall:
      guard let tools = format.tools else { return }
      let blank = buffer.startOfWhitespace(before: start)
      tell(blank, &events)
      state = .toolCall(ToolCallScanner(tools, start: end - blank), start: start - blank)
    case .close:
      let told = section == .reasoning ? startOfNewlines(before: start) : 0
      tell(told, &events)
      drop(end - told)
      begin(.content, trimming: .newlines, mayCloseLate: false)
    case .open:
      drop(end)
      begin(.reasoning, trimming: .newlines, mayCloseLate: false)
    }
  }

  /// Whether a delimiter means something at `start`.
  private func canBegin(_ delimiter: Delimiter, at start: Int) -> Bool {
    let isFirst = isSectionEmpty && buffer.startOfWhitespace(before: start) == 0
    return switch delimiter {
    case .open: isFirst
    case .close: section == .reasoning || mayCloseLate && isFirst
    case .toolCall: section == .content || isLineStart(start)
    }
  }

  /// How many bytes at the end of the buffer may still turn out not to be text.
  private func heldBack() -> Int {
    var start = buffer.count
    for (delimiter, tag) in tags {
      start = min(start, buffer.count - buffer.unfinished(tag) { canBegin(delimiter, at: $0) })
    }
    // White space in front of a delimiter is trimmed.
    let isDelimiterNear = tags.contains { delimiter, _ in delimiter == .toolCall || canBegin(delimiter, at: start) }
    if isDelimiterNear { start = buffer.startOfWhitespace(before: start) }
    if section == .content {
      for stop in stops { start = min(start, buffer.count - buffer.unfinished(stop)) }
    }
    return buffer.count - start
  }

  private func longestStop(endingAt end: Int) -> [UInt8]? {
    stops.filter { buffer.has($0, endingAt: end) }.max { $0.count < $1.count }
  }

  // MARK: - Tool calls

  private mutating func scanToolCall(
    _ scanner: ToolCallScanner, start: Int, isFinal: Bool, _ events: inout [OutputEvent]
  ) -> Bool {
    var scanner = scanner
    var verdict = scanner.scan(buffer)
    if isFinal, verdict == .incomplete, scanner.lacksOnlyClosingTag { verdict = .complete(end: buffer.count) }
    if section == .content, let name = scanner.begunName(buffer) {
      return tellCall(scanner, name, verdict, start: start, isFinal: isFinal, &events)
    }
    if isFinal, verdict == .incomplete { verdict = .malformed }
    if section == .reasoning, closesReasoning(verdict) { verdict = .malformed }

    switch verdict {
    case .incomplete:
      state = .toolCall(scanner, start: start)
      return false
    case .complete(let end):
      if let call = scanner.call(buffer, schemas: format.toolSchemas) {
        events.append(.toolCallStarted(index: callCount, name: call.name))
        events.append(.toolCallArguments(index: callCount, fragment: call.arguments))
        events.append(.toolCallEnded(index: callCount))
        callCount += 1
        drop(end)
        begin(.content, trimming: .whitespace, mayCloseLate: mayCloseLate || section == .reasoning)
        state = .text
        return true
      }
      fallthrough
    case .malformed:
      // The opening tag is text, and what follows it is looked at again.
      scanned = start + ToolCallTag.open.count
      state = .text
      return true
    }
  }

  /// Tells what is new of a call whose arguments have begun. Returns whether there may be more to do.
  private mutating func tellCall(
    _ scanner: ToolCallScanner, _ name: String, _ verdict: ToolCallVerdict, start: Int, isFinal: Bool,
    _ events: inout [OutputEvent]
  ) -> Bool {
    var scanner = scanner
    if !isCallTold { events.append(.toolCallStarted(index: callCount, name: name)) }
    isCallTold = true
    let isCut = isFinal && verdict == .incomplete
    let fragment = scanner.takeArguments(buffer, schemas: format.toolSchemas, isCut: isCut)
    if !fragment.isEmpty { events.append(.toolCallArguments(index: callCount, fragment: fragment)) }
    switch verdict {
    case .incomplete:
      guard isCut else {
        state = .toolCall(scanner, start: start)
        return false
      }
      drop(buffer.count)
    case .complete(let end):
      events.append(.toolCallEnded(index: callCount))
      drop(end)
    case .malformed: drop(scanner.settled)
    }
    callCount += 1
    isCallTold = false
    begin(.content, trimming: .whitespace, mayCloseLate: mayCloseLate)
    state = .text
    return true
  }

  /// Whether a closing reasoning tag lies in the bytes of a call that have not been looked at for it.
  private mutating func closesReasoning(_ verdict: ToolCallVerdict) -> Bool {
    var limit = buffer.count
    if case .complete(let end) = verdict { limit = end }
    while scanned < limit {
      scanned += 1
      if buffer.has(closeTag, endingAt: scanned) { return true }
    }
    return false
  }

  // MARK: - Buffer

  private mutating func begin(_ section: Section, trimming: Trimming, mayCloseLate: Bool) {
    self.section = section
    self.trimming = trimming
    self.mayCloseLate = mayCloseLate
    scanned = 0
    isSectionEmpty = true
    isAtLineStart = true
  }

  private mutating func trimStart() {
    guard trimming != .none else { return }
    let text = buffer.firstIndex { !(trimming == .newlines ? $0 == .newline : $0.isWhitespace) }
    drop(text ?? buffer.count)
    if text != nil { trimming = .none }
  }

  /// Moves the first `count` bytes from the buffer into an event.
  private mutating func tell(_ count: Int, _ events: inout [OutputEvent]) {
    guard count > 0 else { return }
    let text = buffer.text(0..<count)
    switch (section, events.last) {
    case (.reasoning, .reasoning(let before)): events[events.count - 1] = .reasoning(before + text)
    case (.content, .content(let before)): events[events.count - 1] = .content(before + text)
    case (.reasoning, _): events.append(.reasoning(text))
    case (.content, _): events.append(.content(text))
    }
    if section == .content { contentRanges.append(offset..<offset + count) }
    isAtLineStart = isLineStart(count)
    isSectionEmpty = false
    drop(count)
  }

  private mutating func drop(_ count: Int) {
    buffer.removeFirst(count)
    offset += count
    scanned = max(0, scanned - count)
  }

  /// Whether only blanks lie between the last line break, or the start of the section, and `index`.
  private func isLineStart(_ index: Int) -> Bool {
    let last = buffer[..<index].last { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
    return last.map { $0 == .newline } ?? isAtLineStart
  }

  private func startOfNewlines(before end: Int) -> Int {
    var index = end
    while index > 0, buffer[index - 1] == .newline { index -= 1 }
    return index
  }
}
