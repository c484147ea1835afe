import Workload

/// Makes text of about so many tokens, whatever the server's tokenizer: how many a word has is measured with it.
struct TextMaker: Sendable {
  /// Tokens of a word, on average.
  let tokensPerWord: Double
  /// Tokens a message has besides its words.
  let tokensPerMessage: Double

  /// Sends two messages and sees how many tokens they have: one word, and every word once, so that the mean is that of all.
  static func measured(with endpoint: ChatEndpoint) async throws(LoadBenchError) -> TextMaker {
    var counts: [Double] = []
    for text in [words[0], words.joined(separator: " ")] {
      do throws(ChatEndpoint.Failure) {
        let reply = try await endpoint.reply(to: [Message(role: "user", content: text)], maximumTokens: 1)
        guard let tokens = reply.promptTokens else {
          throw .failed("the stream has no usage, so tokens cannot be counted")
        }
        counts.append(Double(tokens))
      } catch {
        switch error {
        case .refused(let reason), .failed(let reason):
          throw .requestFailed(path: "/v1/chat/completions", reason: reason)
        }
      }
    }
    let perWord = (counts[1] - counts[0]) / Double(words.count - 1)
    guard perWord > 0 else {
      throw .unexpectedAnswer(
        path: "/v1/chat/completions", expected: "more tokens for more words", found: "\(counts[0]), then \(counts[1])")
    }
    return TextMaker(tokensPerWord: perWord, tokensPerMessage: max(0, counts[0] - perWord))
  }

  /// Text whose message has about `tokens` tokens, the same for the same seed.
  func text(tokens: Int, seed: UInt64) -> String {
    let words = (Double(tokens) - tokensPerMessage) / tokensPerWord
    return Self.text(words: max(1, Int(words.rounded())), seed: seed)
  }

  private static func text(words count: Int, seed: UInt64) -> String {
    var random = SeededGenerator(seed: seed)
    var text = ""
    for index in 0..<count {
      if index > 0 { text += " " }
      text += words[Int(random.next() % UInt64(words.count))]
    }
    return text
  }

  /// Frequent enough to be a token or two in most vocabularies.
  private static let words = """
    about above after again air all along also always and animal another answer any area around ask away back because \
    become before began begin being below between big body book both boy bring build business but came can car care \
    carry change city close cold come could country course cover cross cut dark day deep did different does door down \
    draw during each early earth east eat end enough even ever every example eye face fall family far farm fast father \
    feel feet few field figure final find fine fire first fish five fly follow food foot form four free friend from \
    front full game gave get girl give gold good got govern great green ground group grow had half hand happen hard has \
    have head hear heat help her here high him his hold home horse hot hour house how hundred idea inch island just keep \
    kind king knew know land large last late laugh lay lead learn leave left less let letter life light like line list \
    listen little live long look love low made main make man many map mark may mean measure men might mile mind money \
    moon more morning most mother mountain move much music must name near need never new next night north note nothing \
    notice now number object off often old once one only open order other our out over own page paper part pass pattern \
    people person picture piece place plain plan plant play point port power press problem product pull put question \
    quick rain ran read ready real record red remember rest right river road rock room round rule run said same saw say \
    school science sea second see seem self sentence serve set several shape she ship short should show side simple \
    since sing sit six size sleep slow small snow some song soon sound south space special spell stand star start state \
    stay step still stop story street strong study such sun sure surface table take talk teach tell ten than that the \
    their them then there these they thing think this those though thought thousand three through time tire together \
    told too took top toward town travel tree true try turn two under unit until upon use usual very voice walk want \
    war warm was watch water way week weight well went were west what wheel when where which while white who whole why \
    will wind with wonder wood word work world would write year yes yet you young your
    """.split(separator: " ").map(String.init)
}
