import Foundation
import JSON
import Scheduler
import Tokenizer

/// Finds where in a prompt other prompts will go on, by rendering what they could look like.
///
/// Templates decide how much of a conversation stays the same when it goes on: many drop thoughts of earlier turns. So
/// other conversations are rendered, with text in them that nobody writes, and compared with the prompt.
struct BreakpointFinder {
  private let text: [UInt8]
  private let tokens: [Int32]
  /// Where each token ends in the text; nil where tokens do not spell the text out.
  private let ends: [Int]?
  private let format: ChatFormat
  private let request: ChatRequest
  private let now: Date

  /// Two texts with no byte at their beginnings in common: whatever the prompt has there differs from one.
  private static let strangers = ["\u{2042}", "\u{0411}"]
  /// Prompts that have fewer tokens in common gain nothing.
  private static let leastTokens = 32
  /// Breakpoints of a client that are used at most.
  private static let mostOfClient = 8
  /// Bytes behind the first difference that can change how the text before it is tokenised.
  private static let reach = 256

  init(_ text: String, _ tokens: [Int32], _ format: ChatFormat, _ request: ChatRequest, _ now: Date) {
    self.text = Array(text.utf8)
    self.tokens = tokens
    self.format = format
    self.request = request
    self.now = now
    var detokenizer = format.tokenizer.makeDetokenizer(skippingSpecialTokens: false)
    var written: [UInt8] = []
    written.reserveCapacity(self.text.count)
    let ends = tokens.map { token in
      detokenizer.append(token, to: &written)
      return written.count
    }
    detokenizer.finish(into: &written)
    self.ends = written == self.text ? ends : nil
  }

  /// The positions, ascending.
  var breakpoints: [CacheBreakpoint] {
    guard ends != nil else { return [] }
    let messages = request.messages
    var found: [CacheBreakpoint] = []
    // Other conversations with the same system message and tools.
    let system = messages.prefix { $0["role"]?.stringValue == "system" }.count
    if let position = position(behind: system, followedBy: "user") {
      found.append(CacheBreakpoint(position: position, purpose: .shared))
    }
    for index in Set(request.cacheBreakpoints).sorted().prefix(Self.mostOfClient) {
      guard messages.indices.contains(index), index + 1 < messages.count, index + 1 != system,
        let role = messages[index + 1]["role"]?.stringValue,
        let position = position(behind: index + 1, followedBy: role)
      else { continue }
      found.append(CacheBreakpoint(position: position, purpose: .shared))
    }
    // This conversation after the reply. Where all of the prompt stays, its end is where it goes on.
    let reply: JSON = ["role": "assistant", "content": .string(Self.strangers[0])]
    let question: JSON = ["role": "user", "content": .string(Self.strangers[0])]
    if let position = position(of: messages + [reply, question]) {
      found.append(CacheBreakpoint(position: position, purpose: .turn))
    }
    return found.filter { $0.position >= Self.leastTokens && $0.position < tokens.count }
      .sorted { $0.position < $1.position }
  }

  /// Where prompts part that have the first `count` messages in common and go on with a message of this role.
  private func position(behind count: Int, followedBy role: String) -> Int? {
    var least: Int?
    for stranger in Self.strangers {
      var message: JSONObject = ["role": .string(role), "content": .string(stranger)]
      if role == "tool" { message["tool_call_id"] = "call" }
      guard let position = position(of: Array(request.messages.prefix(count)) + [.object(message)]) else { return nil }
      least = min(least ?? position, position)
    }
    return least
  }

  /// How many tokens the prompt has in common with that of another conversation; nil where the template refuses it.
  private func position(of messages: [JSON]) -> Int? {
    guard let ends, let other = try? format.text(of: request, messages, now: now) else { return nil }
    let otherText = Array(other.utf8)
    var common = 0
    while common < min(text.count, otherText.count), text[common] == otherText[common] { common += 1 }
    // Text is tokenised apart before and after a special token.
    let special = tokens.indices.last { ends[$0] <= common && format.tokenizer.isSpecial(tokens[$0]) }
    let first = special.map { $0 + 1 } ?? 0
    let start = special.map { ends[$0] } ?? 0
    let rest = otherText[start..<min(otherText.count, common + Self.reach)]
    let otherTokens = format.tokenizer.encode(String(decoding: rest, as: UTF8.self))
    return first + zip(tokens[first...], otherTokens).prefix { $0 == $1 }.count
  }
}
