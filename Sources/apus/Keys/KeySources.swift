import APIServer

/// Where the API keys of a server come from: the settings, which stay as they are, and a file, which can be read anew.
struct KeySources: Sendable {
  /// `NAME:SECRET` each.
  let settings: [String]
  let file: String?

  /// The keys; nil where nobody asked for keys, so that everybody is let in.
  func keys() throws(KeyError) -> [APIKey]? {
    guard file != nil || !settings.isEmpty else { return nil }
    var keys: [APIKey] = []
    for (index, setting) in settings.enumerated() {
      let parts = setting.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let key = APIKey(name: String(parts[0]), secret: String(parts[1])) else {
        throw .invalidSetting(index: index + 1)
      }
      keys.append(key)
    }
    if let file { keys += try KeyFile.read(file) }
    let names = keys.map(\.name).sorted()
    if let pair = zip(names, names.dropFirst()).first(where: { $0 == $1 }) { throw .repeatedName(pair.0) }
    return keys
  }
}
