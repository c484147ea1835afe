import APIServer
import ArgumentParser
import Foundation

/// `apus key`: makes an API key.
struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key",
    abstract: "Make an API key.",
    discussion: """
      apus key alice >> keys.yaml                      the secret on the terminal, its digest in the file
      apus serve --api-keys-file keys.yaml

      The secret is shown this once; the file holds its SHA-256 digest alone. Limits can be added to the entry:
      requests-per-minute, tokens-per-minute, concurrent-requests, and models, a list of names.
      """)

  @Argument(help: "Under which the holder is known: letters, digits, dots, hyphens, underscores.")
  var name: String

  func run() throws {
    let secret = APIKey.makeSecret()
    guard let key = APIKey(name: name, secret: secret) else {
      throw ValidationError("The name has to be 1 to 64 letters, digits, dots, hyphens and underscores.")
    }
    FileHandle.standardError.write(Data("The key of \(name), shown this once: \(secret)\n".utf8))
    FileHandle.standardOutput.write(Data(KeyFile.entry(key).utf8))
  }
}
