import ChatTemplate
import Foundation
import JSON
import ModelFiles
import Serving
import Tokenizer

/// A model whose next token follows from a digest of all tokens before: a sequence that was computed behind any other
/// token says something else.
struct ModelScript: Sendable {
  /// The text side of the embedded model.
  let format: ChatFormat
  let vocabularySize: Int
  private let words: [Int32]
  private let texts: [Int32: String]
  private let end: Int32

  /// The digest of no tokens.
  static let start: UInt64 = 0x9E37_79B9_7F4A_7C15

  init() throws {
    let folder = try ModelPackage(path: EmbeddedModel.folder())
    let tokenizer = try Tokenizer(folder.tokenizerSource(), path: folder.path)
    format = try ChatFormat(
      tokenizer: tokenizer, template: try ChatTemplate(source: folder.chatTemplate ?? ""),
      specialTokens: folder.specialTokens, generation: folder.generation)
    vocabularySize = folder.configuration.vocabularySize
    var texts: [Int32: String] = [:]
    for token in 0..<Int32(tokenizer.vocabularySize) where !tokenizer.isSpecial(token) && texts.count < 64 {
      let text = tokenizer.decode([token])
      if text.count > 1, text.utf8.allSatisfy({ $0 == 0x20 || (0x61...0x7A).contains($0) }) { texts[token] = text }
    }
    self.texts = texts
    words = texts.keys.sorted()
    end = format.endTokens.min() ?? 0
  }

  /// A token of a prompt.
  func word(_ number: Int) -> Int32 { words[number % words.count] }

  /// What the model reads of a conversation: an answer without thoughts is to follow.
  func prompt(_ messages: [JSON]) throws -> [Int32] {
    try format.prompt(for: ChatRequest(name: "", messages: messages, mode: .instruct), now: Date()).tokens
  }

  static func digest(_ before: UInt64, _ token: Int32) -> UInt64 {
    var mixed = (before ^ UInt64(UInt32(bitPattern: token))) &* 0xBF58_476D_1CE4_E5B9
    mixed ^= mixed >> 29
    return mixed &* 0x94D0_49BB_1331_11EB
  }

  /// The token behind all that `digest` is of.
  func next(_ digest: UInt64) -> Int32 {
    digest >> 40 & 31 == 0 ? end : words[Int(digest >> 45) % words.count]
  }

  /// What the model says behind a prompt.
  struct Reply {
    var text = ""
    var ids: [Int32] = []
    var isStopped = false

    var tokens: Int { ids.count }
  }

  func reply(to prompt: [Int32], maximum: Int) -> Reply {
    var digest = prompt.reduce(Self.start, Self.digest)
    var reply = Reply()
    while reply.tokens < maximum, !reply.isStopped {
      let token = next(digest)
      digest = Self.digest(digest, token)
      reply.ids.append(token)
      reply.isStopped = token == end
      reply.text += texts[token] ?? ""
    }
    return reply
  }
}
