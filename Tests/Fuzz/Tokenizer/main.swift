import FuzzSupport
import JSON

@testable import Tokenizer

/// An input that starts with `{` is a tokenizer.json, one that starts with `GGUF` the values a GGUF file has; any other is a text and, byte by byte, a list of ids.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
  if input.first == UInt8(ascii: "{") {
    checkFile { () throws(TokenizerError) in try Tokenizer(tokenizerJSON: input, unicode: unicode) }
  } else if input.starts(with: "GGUF".utf8) {
    checkFile { () throws(TokenizerError) in try makeTokenizer(lines: input.dropFirst(4)) }
  } else {
    // Longer texts reach nothing new, but take their time.
    let short = input.prefix(256)
    checkText(String(decoding: short, as: UTF8.self))
    checkStream(short.map { Int32($0) * 3 - 5 })
  }
  return 0
}

/// A tokenizer with all bytes, some merges, and these added tokens.
func makeTokenizer(added: [(content: String, flags: Set<String>)]) throws(TokenizerError) -> Tokenizer {
  var vocabulary = JSONObject()
  for byte in 0...255 { vocabulary[ByteAlphabet.text(of: [UInt8(byte)])] = .integer(byte) }
  let merges = [
    ("a", "b"), ("b", "c"), ("ab", "c"), ("Ã", "©"), ("æ", "¼"), ("æ¼", "¢"), ("Ġ", "a"), ("a", "a"), ("aa", "aa"),
  ]
  for (left, right) in merges { vocabulary[left + right] = .integer(vocabulary.count) }
  let tokens: [JSON] = added.enumerated().map { offset, token in
    var object: JSONObject = ["id": .integer(300 + offset), "content": .string(token.content)]
    for flag in ["single_word", "lstrip", "rstrip", "normalized", "special"] {
      object[flag] = .bool(token.flags.contains(flag))
    }
    return .object(object)
  }
  let regex =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|"#
    + #"\s+(?!\S)|\s+"#
  let definition: JSON = [
    "added_tokens": .array(tokens), "normalizer": ["type": "NFC"], "decoder": ["type": "ByteLevel"],
    "pre_tokenizer": [
      "type": "Sequence",
      "pretokenizers": [
        ["type": "Split", "pattern": ["Regex": .string(regex)], "behavior": "Isolated"],
        ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false],
      ],
    ],
    "model": ["vocab": .object(vocabulary), "merges": .array(merges.map { [.string($0), .string($1)] })],
  ]
  var bytes: [UInt8] = []
  definition.append(to: &bytes)
  return try Tokenizer(tokenizerJSON: bytes, unicode: unicode)
}

/// Lines: the name of the expression; tokens, each behind a digit for its type; an empty line; merges.
func makeTokenizer(lines: ArraySlice<UInt8>) throws(TokenizerError) -> Tokenizer {
  let lines = lines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    .map { String(decoding: $0, as: UTF8.self) }
  let parts = lines.dropFirst().split(separator: "", maxSplits: 1, omittingEmptySubsequences: false)
  let tokens = Array(parts.first ?? [])
  let definition = try TokenizerDefinition(
    ggufModel: "gpt2", preTokenizer: lines.first, tokens: tokens.map { String($0.dropFirst()) },
    types: tokens.map { Int($0.prefix(1)) ?? 1 }, merges: parts.count > 1 ? Array(parts[1]) : [])
  return try Tokenizer(definition, unicode: unicode)
}

let unicode = UnicodeTables()
let plain = try makeTokenizer(added: [])
let withAdded = try makeTokenizer(added: [
  ("<x>", ["lstrip", "special"]), ("<|x|>", ["rstrip"]), ("<|x|><|y|>", ["special"]), ("word", ["single_word"]),
  ("e\u{301}", ["normalized", "lstrip", "rstrip"]), ("\t", ["normalized"]), (" ", ["rstrip"]),
])

/// Any file is read or refused with a reason; what was read works.
func checkFile(_ read: () throws(TokenizerError) -> Tokenizer) {
  do throws(TokenizerError) {
    let tokenizer = try read()
    let ids = tokenizer.encode("abcabc <x> é e\u{301}b 漢\n")
    for id in ids { precondition(tokenizer.token(id).flatMap(tokenizer.id(of:)) == id) }
    _ = tokenizer.decode(ids)
  } catch {
    precondition(!error.description.isEmpty)
  }
}

func checkText(_ text: String) {
  let utf8 = Array(text.utf8)
  let normalized = unicode.nfc.normalized(utf8.span) ?? utf8
  precondition(unicode.nfc.normalized(normalized.span) == nil || unicode.nfc.normalized(normalized.span) == normalized)
  precondition(Array(plain.decode(plain.encode(text)).utf8) == normalized)
  for parsesSpecial in [true, false] { checkStream(withAdded.encode(text, parsingSpecialTokens: parsesSpecial)) }
}

/// Pieces of a stream are well-formed and make up the text of all ids.
func checkStream(_ ids: [Int32]) {
  var detokenizer = withAdded.makeDetokenizer(skippingSpecialTokens: false)
  let pieces = ids.map { detokenizer.append($0) } + [detokenizer.finish()]
  precondition(pieces.flatMap { Array($0.utf8) } == Array(withAdded.decode(ids).utf8))
}

runFuzzer()
