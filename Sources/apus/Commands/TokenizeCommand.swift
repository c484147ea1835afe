import ArgumentParser
import Foundation
import JSON
import Tokenizer

/// `apus tokenize`: text to token ids, or back.
struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Turn lines of JSON strings into lines of token id arrays, or back.",
    discussion: """
      echo '"Hello, world"' | apus tokenize            prints [9707,11,…]
      echo '[9707,11]' | apus tokenize --decode        prints "Hello,"
      """)

  @OptionGroup var model: ModelOption

  @Flag(help: "Read lines of id arrays, write lines of JSON strings.")
  var decode = false

  @Flag(help: "With --decode: leave special tokens such as <|im_end|> out.")
  var skipSpecialTokens = false

  func run() throws {
    let tokenizer = try model.tokenizer()
    try mapStandardInputLines { number, line, output in
      let value: JSON
      do {
        value = try JSON(parsing: line)
      } catch {
        throw CommandError.badInput(place: "line \(number)", found: "\(error)", expected: "JSON")
      }
      if decode {
        // As in tokenizers, an id that no token has stands for no text.
        let ids = try value.tokenIDs(at: "line \(number)", vocabularySize: Int(Int32.max))
        JSON.string(tokenizer.decode(ids, skippingSpecialTokens: skipSpecialTokens)).append(to: &output)
      } else {
        guard case .string(let text) = value else {
          throw CommandError.badInput(place: "line \(number)", found: value.kindName, expected: "a JSON string")
        }
        append(tokenizer.encode(text), to: &output)
      }
      output.append(UInt8(ascii: "\n"))
    }
  }

  private func append(_ ids: [Int32], to output: inout [UInt8]) {
    output.append(UInt8(ascii: "["))
    for (index, id) in ids.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      output.append(contentsOf: String(id).utf8)
    }
    output.append(UInt8(ascii: "]"))
  }
}
