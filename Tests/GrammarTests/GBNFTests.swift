import Grammar
import Testing

@Suite struct GBNFTests {
  @Test(arguments: [
    (#"root ::= "a" [bc]+ | "x\n\"\x41é\\""#, ["ab", "abcb", "x\n\"Aé\\"], ["a", "x", "abx", "bc"]),
    (#"root ::= [^a-c\n\]\-]"#, ["d", "é", "[", "\\"], ["b", "\n", "]", "-", "dd", ""]),
    (#"root ::= [a-]{2} [\u00e9\U0001F642-\U0001F644]"#, ["a-é", "--🙃"], ["aa", "bb🙂", "a-🙅"]),
    ("root ::= . .?", ["a", "é\n"], ["", "abc"]),
    (#"root ::= ("a" "b"?){1,2} "c"{2,} "d"{3}"#, ["accddd", "abacccddd"], ["acddd", "aaaccddd", "accdddd"]),
    ("root ::= [0-9]{ 2 , 3 } # digits", ["12", "123"], ["1", "1234"]),
    ("root ::= \"a\" |\n  \"b\" # or\n  | \"c\"\n\n  \"d\"\nother::=root", ["a", "b", "cd"], ["c", "d"]),
    ("root ::= (\n  # one\n  \"1. \" move\n)+\nmove ::= [a-h] [1-8]", ["1. e4", "1. e41. d5"], ["1. e9"]),
    ("root ::= list\nlist ::= item | list \",\" item\nitem ::= [0-9]+", ["1", "1,22,3"], ["1,", ",1"]),
    ("root ::= expr\nexpr ::= expr [+*] expr | \"(\" expr \")\" | [0-9]", ["1+2*(3+4)"], ["1+", "(1", "()"]),
    ("root ::= \"(\" root \")\" root |", ["", "()", "(())()"], ["(", ")("]),
    ("root ::= UPPER-case_1\r\nUPPER-case_1 ::= \"x\"\r\n", ["x"], ["X"]),
  ])
  func followsTheGrammar(source: String, documents: [String], others: [String]) throws {
    let grammar = try FollowedGrammar(GrammarDefinition(gbnf: source))
    for document in documents { #expect(grammar.accepts(document), "\(document.debugDescription)") }
    for document in others { #expect(!grammar.accepts(document), "\(document.debugDescription)") }
  }

  @Test(arguments: [
    ("root := \"a\"", 1, 6), ("root ::= \"a", 1, 10), ("root ::= [a", 1, 10), ("root ::= [b-a]", 1, 11),
    ("root ::= (\"a\"", 1, 10), ("root ::= \"a\")", 1, 13), ("root ::= \"\\q\"", 1, 11), ("root ::= \"\\x4\"", 1, 11),
    ("root ::= \"a\"{2,1}", 1, 13), ("root ::= \"a\"{,1}", 1, 14), ("root ::= *", 1, 10), ("root ::= \"a\"**", 1, 14),
    ("root ::= []", 1, 10), ("other ::= \"a\"", 1, 14), ("root ::= \"a\"\n  b", 2, 3),
    ("root ::= \"a\"\nroot ::= \"b\"", 2, 1), ("root ::= <think>", 1, 10), ("root ::= !<[10]>", 1, 10),
    ("root ::= \"\\uD83D\"", 1, 11), ("root ::= \"\\U00110000\"", 1, 11), ("root ::= (= \"a\")", 1, 10),
    ("root ::= \"a\"{100001}", 1, 14), ("", 1, 1), ("root ::= \"a\" %", 1, 14),
  ])
  func pointsAtTheFault(source: String, line: Int, column: Int) {
    let error = #expect(throws: GrammarError.self) { try GrammarDefinition(gbnf: source) }
    switch error {
    case .malformed(let foundLine, let foundColumn, _), .unsupported(let foundLine, let foundColumn, _, _):
      #expect((foundLine, foundColumn) == (line, column), "\(error.debugDescription)")
    default: Issue.record("\(error.debugDescription)")
    }
  }

  @Test func boundsItsWork() throws {
    for source in [
      "root ::= " + String(repeating: "(", count: 5000),
      String(repeating: "\"a\"\n", count: 600_000),
      (0...50_001).map { "r\($0) ::= \"a\"\n" }.joined(),
    ] {
      #expect(throws: GrammarError.self) { try GrammarDefinition(gbnf: source) }
    }
    // Large, but in order.
    let words = (0..<5000).map { "\"w\($0)\"" }.joined(separator: " | ")
    #expect(try FollowedGrammar(GrammarDefinition(gbnf: "root ::= (\(words))*")).accepts("w17w4999"))
  }
}
