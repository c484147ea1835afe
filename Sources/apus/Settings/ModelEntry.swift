import Yams

/// An entry of the setting `models`: `NAME=PATH`, or in a file a mapping with the settings that are the model's own.
struct ModelEntry: Sendable {
  /// Names clients may use, the real one first.
  let names: [String]
  /// Settings of its own, by their names.
  let settings: [String: [String]]
  /// Where it was written, for errors.
  let place: String

  /// Names become those of folders, too.
  private static let longestName = 80
  private static let expected =
    "NAME=PATH with a name of 1 to \(longestName) bytes; without a path it is the embedded model"

  /// Reads `NAME=PATH`.
  /// - Parameter place: how the setting was spelt.
  init(_ text: String, place: String) throws(SettingsError) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, Self.isName(parts[0]) else {
      throw .invalidValue(setting: place, found: text, expected: Self.expected)
    }
    names = [parts[0]]
    settings = ["model": [parts[1]]]
    self.place = place
  }

  /// Reads an element of a YAML file's list.
  init(_ node: Node, file: String) throws(SettingsError) {
    let place = "models in \(file), line \(node.mark?.line ?? 0),"
    guard let mapping = node.mapping else {
      guard let text = node.scalar?.string else {
        throw .invalidValue(setting: place, found: "a list", expected: "\(Self.expected), or a mapping")
      }
      self = try ModelEntry(text, place: place)
      return
    }
    var (names, aliases, settings): ([String], [String], [String: [String]]) = ([], [], [:])
    for (key, value) in mapping {
      let name = key.string ?? "\(key)"
      guard let values = value.settingValues else {
        throw .invalidValue(setting: "\(name) of \(place)", found: "a nested value", expected: "one value or a list")
      }
      switch name {
      case "name": names = values
      case "aliases": aliases = values
      case "path": settings["model"] = values
      case let name where ModelSettings.ownNames.contains(name): settings[name] = values
      default: throw .unknownModelKey(name: name, file: file, line: key.mark?.line ?? 0)
      }
    }
    guard names.count == 1, (names + aliases).allSatisfy(Self.isName) else {
      throw .invalidValue(
        setting: "name of \(place)", found: (names + aliases).joined(separator: ","),
        expected: "one name, and aliases if any, of 1 to \(Self.longestName) bytes each")
    }
    self.names = names + aliases
    self.settings = settings
    self.place = place
  }

  private static func isName(_ text: String) -> Bool { (1...longestName).contains(text.utf8.count) }
}

extension Node {
  /// The texts of a scalar, or of a list of scalars; nil for anything else.
  var settingValues: [String]? {
    if let scalar { return [scalar.string] }
    guard let sequence, sequence.allSatisfy({ $0.scalar != nil }) else { return nil }
    return sequence.compactMap(\.scalar?.string)
  }
}
