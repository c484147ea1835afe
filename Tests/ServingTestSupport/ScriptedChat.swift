import ChatTemplate
import ModelFiles
public import Serving
import Synchronization
import Tokenizer

/// A model that answers with given texts, in swiftlet's conversation format.
public struct ScriptedChat: Sendable {
  /// The text of the reply to a rendered prompt. The model ends the reply after it.
  public typealias Reply = @Sendable (_ prompt: String, _ mode: Mode) -> String

  /// Swiftlet's tokenizer, template and modes.
  public let format: ChatFormat
  private let reply: Reply
  /// What the template puts before a reply, by mode; longest first, as one is the beginning of the other.
  private let preambles: [(mode: Mode, tokens: [Int32])]
  private let start: Int32
  private let end: Int32
  private let vocabularySize: Int
  private let cache = ReplyCache()

  /// Reads swiftlet's format from the resources of the Serving target.
  public init(settings: ConversationSettings = ConversationSettings(), reply: @escaping Reply) throws {
    let folder = try ModelPackage(path: EmbeddedModel.folder())
    let tokenizer = try Tokenizer(folder.tokenizerSource(), path: folder.path)
    format = try ChatFormat(
      tokenizer: tokenizer, template: try ChatTemplate(source: folder.chatTemplate ?? ""),
      specialTokens: folder.specialTokens, generation: folder.generation, settings: settings)
    self.reply = reply
    vocabularySize = folder.configuration.vocabularySize
    preambles = [
      (.instruct, tokenizer.encode("<|im_start|>assistant\n<think>\n\n</think>\n\n")),
      (.thinking, tokenizer.encode("<|im_start|>assistant\n<think>\n")),
    ]
    start = preambles[0].tokens[0]
    end = tokenizer.id(of: "<|im_end|>") ?? 0
  }

  /// An engine that plays the model.
  public func engine() -> ScriptedEngine {
    ScriptedEngine(vocabularySize: vocabularySize) { next(after: $0) }
  }

  private func next(after tokens: [Int32]) -> Int32 {
    guard let replyStart = tokens.lastIndex(of: start) else { return end }
    let tail = tokens[replyStart...]
    guard let (mode, preamble) = preambles.first(where: { tail.starts(with: $0.tokens) }) else { return end }
    let promptTokens = Array(tokens[..<(replyStart + preamble.count)])
    let reply = cache.reply(to: promptTokens) {
      format.tokenizer.encode(self.reply(format.tokenizer.decode(promptTokens), mode))
    }
    let written = tail.count - preamble.count
    return written < reply.count ? reply[written] : end
  }
}

/// The tokens of the latest replies, by prompt, so that a step need not tokenise a reply again.
private final class ReplyCache: Sendable {
  private static let limit = 10_000

  private let state = Mutex<[[Int32]: [Int32]]>([:])

  func reply(to prompt: [Int32], make: () -> [Int32]) -> [Int32] {
    state.withLock { replies in
      if let reply = replies[prompt] { return reply }
      let reply = make()
      if replies.count == Self.limit { replies = [:] }
      replies[prompt] = reply
      return reply
    }
  }
}
