import DiskCache
import ModelFiles
import TestSupport
import Testing
import Tokenizer

@testable import Serving

@Suite struct ReplyHistoryTests {
  private static let namespace = Digest((1, 2, 3, 4))
  private let tokenizer: Tokenizer
  /// The token of each byte.
  private let byteTokens: [Int32]

  init() throws {
    let folder = try ModelPackage(path: EmbeddedModel.folder())
    let tokenizer = try Tokenizer(folder.tokenizerSource(), path: folder.path)
    var byteTokens = [Int32](repeating: -1, count: 256)
    for token in (0..<Int32(tokenizer.vocabularySize)).reversed() {
      if let bytes = tokenizer.bytes(of: token), bytes.count == 1 { byteTokens[Int(bytes[0])] = token }
    }
    (self.tokenizer, self.byteTokens) = (tokenizer, byteTokens)
  }

  /// The tokens of a text, one for every byte but special tokens: what a model could write as well.
  private func bytewise(_ text: String) -> [Int32] {
    tokenizer.encode(text).flatMap { token -> [Int32] in
      guard !tokenizer.isSpecial(token), let bytes = tokenizer.bytes(of: token) else { return [token] }
      return bytes.map { byteTokens[Int($0)] }
    }
  }

  private let prompt = "<|im_start|>user\nWhat is it?<|im_end|>\n<|im_start|>assistant\n"
  private let next = "\n<|im_start|>user\nAnd then?<|im_end|>\n<|im_start|>assistant\n"

  private func history(_ reply: String, after prompt: String, limit: Int = 1 << 20) -> (ReplyHistory, [Int32]) {
    let history = ReplyHistory(limit: limit)
    let tokens = bytewise(reply)
    let place = history.tokens(of: prompt, namespace: Self.namespace, tokenizer).place
    history.remember(tokens, after: place)
    return (history, tokens)
  }

  private func found(_ history: ReplyHistory, _ text: String, _ namespace: Digest = namespace) -> [Int32] {
    history.tokens(of: text, namespace: namespace, tokenizer).tokens
  }

  @Test func aReplyThatComesBackHasItsOwnTokens() {
    let (history, reply) = history("It is forty-two.<|im_end|>", after: prompt)
    #expect(reply != tokenizer.encode("It is forty-two.<|im_end|>"))
    let tokens = found(history, prompt + "It is forty-two.<|im_end|>" + next)
    #expect(tokens == tokenizer.encode(prompt) + reply + tokenizer.encode(next))
    #expect(tokenizer.decode(tokens) == prompt + "It is forty-two.<|im_end|>" + next)
  }

  @Test func everyTurnOfAConversationKeepsItsTokens() {
    let history = ReplyHistory(limit: 1 << 20)
    var text = ""
    var expected: [Int32] = []
    for turn in 0..<20 {
      let question = "\(turn == 0 ? "" : "\n")<|im_start|>user\nQuestion \(turn)<|im_end|>\n<|im_start|>assistant\n"
      text += question
      expected += tokenizer.encode(question)
      let (tokens, place) = history.tokens(of: text, namespace: Self.namespace, tokenizer)
      #expect(tokens == expected, "turn \(turn)")
      let answer = "The answer of turn \(turn).<|im_end|>"
      history.remember(bytewise(answer), after: place)
      text += answer
      expected += bytewise(answer)
    }
  }

  @Test func aReplyWithoutItsEndIsFollowedByASpecialToken() {
    // It was cut by a limit, or by a stop string that the client does not send back.
    let (history, reply) = history("It is forty-two STOP", after: prompt)
    let whole = found(history, prompt + "It is forty-two STOP<|im_end|>" + next)
    #expect(whole == tokenizer.encode(prompt) + reply + tokenizer.encode("<|im_end|>" + next))
    let cut = found(history, prompt + "It is forty-two <|im_end|>" + next)
    #expect(cut == tokenizer.encode(prompt) + reply.dropLast(4) + tokenizer.encode("<|im_end|>" + next))
  }

  /// Bytes that are no UTF-8 came to the client as U+FFFD, and come back so.
  @Test func aCharacterCutShortIsWhatTheClientSaw() {
    let cut = bytewise("It is \u{1F600}").dropLast(1)
    let stray = [byteTokens[0x41], byteTokens[0xFF], byteTokens[0xC3], byteTokens[0x42]]
    for reply in [Array(cut), stray, Array(cut) + tokenizer.encode("<|im_end|>")] {
      let history = ReplyHistory(limit: 1 << 20)
      let place = history.tokens(of: prompt, namespace: Self.namespace, tokenizer).place
      history.remember(reply, after: place)
      let text = tokenizer.decode(reply)
      #expect(text.contains("\u{FFFD}"))
      let tail = text.hasSuffix("<|im_end|>") ? next : "<|im_end|>" + next
      #expect(found(history, prompt + text + tail) == tokenizer.encode(prompt) + reply + tokenizer.encode(tail))
      #expect(found(history, prompt + text) == tokenizer.encode(prompt) + reply)
    }
  }

  @Test(arguments: [
    "It is forty-three.<|im_end|>", "It is forty-two, he said.<|im_end|>", "it is forty-two.<|im_end|>", "",
  ])
  func anotherTextIsTokenisedAnew(text: String) {
    let (history, _) = history("It is forty-two.<|im_end|>", after: prompt)
    let whole = prompt + text + next
    #expect(found(history, whole) == tokenizer.encode(whole))
  }

  @Test func anotherPromptOrNamespaceKnowsNothing() {
    let (history, _) = history("Yes.<|im_end|>", after: prompt)
    let other = prompt.replacing("What", with: "Whom") + "Yes.<|im_end|>" + next
    #expect(found(history, other) == tokenizer.encode(other))
    let text = prompt + "Yes.<|im_end|>" + next
    #expect(found(history, text, Digest((1, 2, 3, 5))) == tokenizer.encode(text))
    #expect(found(history, text) != tokenizer.encode(text))
  }

  @Test func ofSeveralRepliesTheOneThatFitsIsTaken() {
    let (history, first) = history("Yes.<|im_end|>", after: prompt)
    let place = history.tokens(of: prompt, namespace: Self.namespace, tokenizer).place
    let second = bytewise("Yes. No.<|im_end|>")
    history.remember(second, after: place)
    #expect(found(history, prompt + "Yes. No.<|im_end|>") == tokenizer.encode(prompt) + second)
    #expect(found(history, prompt + "Yes.<|im_end|>") == tokenizer.encode(prompt) + first)
  }

  /// Whatever is remembered and asked for, the tokens say the same text.
  @Test func tokensAlwaysSayTheText() {
    var random = SplitMix64(seed: 11)
    let history = ReplyHistory(limit: 20_000)
    let parts = ["a", "b ", "<|im_end|>", "<think>", "</think>\n", "\n", " ü", "😀", "<|im_start|>", "x1"]
    func text() -> String {
      (0..<Int.random(in: 0...6, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
    }
    var texts = [""]
    for _ in 0..<2000 {
      let prompt = (texts.randomElement(using: &random) ?? "") + text()
      let (tokens, place) = history.tokens(of: prompt, namespace: Self.namespace, tokenizer)
      #expect(tokenizer.decode(tokens) == prompt)
      var reply = bytewise(text())
      if Bool.random(using: &random) { reply.append(byteTokens[Int.random(in: 0x80...0xFF, using: &random)]) }
      history.remember(reply, after: place)
      texts.append(prompt + tokenizer.decode(reply))
      if texts.count > 50 { texts.removeFirst() }
    }
  }

  @Test func memoryIsBoundedAndTheOldestGo() {
    let history = ReplyHistory(limit: 5000)
    let replies = (0..<100).map { "Reply number \($0).<|im_end|>" }
    var places: [String] = []
    for (index, reply) in replies.enumerated() {
      let prompt = "prompt \(index)<|im_start|>"
      let place = history.tokens(of: prompt, namespace: Self.namespace, tokenizer).place
      history.remember(bytewise(reply), after: place)
      places.append(prompt)
      // The first one is used again and again.
      #expect(found(history, places[0] + replies[0]) != tokenizer.encode(places[0] + replies[0]))
    }
    let kept = zip(places, replies).filter { found(history, $0 + $1) != tokenizer.encode($0 + $1) }
    #expect((5...40).contains(kept.count) && kept.last?.1 == replies.last)
    let none = ReplyHistory(limit: 0)
    none.remember([1, 2, 3], after: none.tokens(of: "x", namespace: Self.namespace, tokenizer).place)
    #expect(found(none, "x" + tokenizer.decode([1, 2, 3])) == tokenizer.encode("x" + tokenizer.decode([1, 2, 3])))
  }
}
