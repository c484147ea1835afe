import APIServer
import Foundation
import Yams

/// A file of API keys: a YAML list of names, digests and limits. Errors name file, line and key, never a secret.
enum KeyFile {
  private static let mostKeys = 10_000
  private static let counts = ["requests-per-minute", "tokens-per-minute", "concurrent-requests"]

  /// Reads the keys.
  static func read(_ path: String) throws(KeyError) -> [APIKey] {
    let root = try readYAML(path) { KeyError.unreadableFile(path: path, reason: $0) }
    guard let root else { return [] }
    guard let entries = root.sequence, entries.count <= mostKeys else {
      throw .unreadableFile(path: path, reason: "expected a list of at most \(mostKeys) keys")
    }
    var keys: [APIKey] = []
    for entry in entries {
      let key = try key(entry, path)
      guard !keys.contains(where: { $0.name == key.name }) else {
        throw .invalidEntry(path: path, line: line(entry), expected: "a name of its own for every key")
      }
      keys.append(key)
    }
    return keys
  }

  /// The entry of a new key.
  static func entry(_ key: APIKey) -> String {
    "- name: \(key.name)\n  sha256: \(key.digest.hexadecimal)\n"
  }

  private static func line(_ node: Node) -> Int { node.mark?.line ?? 0 }

  private static func key(_ entry: Node, _ path: String) throws(KeyError) -> APIKey {
    func invalid(_ node: Node, _ expected: String) -> KeyError {
      .invalidEntry(path: path, line: line(node), expected: expected)
    }
    guard let members = entry.mapping else { throw invalid(entry, "name, sha256 and limits of a key") }
    var (name, digest, limits): (String?, SecretDigest?, APIKey.Limits) = (nil, nil, APIKey.Limits())
    for (field, value) in members {
      switch field.string ?? "" {
      case "name":
        name = value.scalar?.string
      case "sha256":
        digest = value.scalar.flatMap { SecretDigest(hexadecimal: $0.string) }
        if digest == nil { throw invalid(value, "64 hexadecimal digits as sha256") }
      case "models":
        guard let models = value.sequence?.compactMap(\.string), !models.isEmpty else {
          throw invalid(value, "a list of names as models")
        }
        limits.models = Set(models)
      case let count where counts.contains(count):
        guard let number = value.int, (1...1_000_000_000).contains(number) else {
          throw invalid(value, "a whole number from 1 to 1000000000 as \(count)")
        }
        switch count {
        case "requests-per-minute": limits.requestsPerMinute = number
        case "tokens-per-minute": limits.tokensPerMinute = number
        default: limits.concurrentRequests = number
        }
      default:
        throw invalid(field, "only name, sha256, models, \(counts.joined(separator: ", "))")
      }
    }
    guard let name, let digest, let key = APIKey(name: name, digest: digest, limits: limits) else {
      throw invalid(entry, "a name of 1 to 64 letters, digits, dots, hyphens and underscores, and a sha256")
    }
    return key
  }
}

/// What can be wrong with API keys.
enum KeyError: Error, CustomStringConvertible {
  case unreadableFile(path: String, reason: String)
  case invalidEntry(path: String, line: Int, expected: String)
  case invalidSetting(index: Int)
  case repeatedName(String)

  var description: String {
    switch self {
    case .unreadableFile(let path, let reason): "The API keys in \(path) cannot be used: \(reason)"
    case .invalidEntry(let path, let line, let expected): "\(path), line \(line): expected \(expected)."
    case .invalidSetting(let index):
      "The API key number \(index) of api-key is not NAME:SECRET, with a name of letters, digits, dots, hyphens and "
        + "underscores."
    case .repeatedName(let name): "There are two API keys named \(name)."
    }
  }
}
