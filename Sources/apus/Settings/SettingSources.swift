import Configuration
import Foundation
import SystemPackage
import Yams

/// Where settings come from, strongest first: flags, environment, file. What none of them names keeps
/// its default.
struct SettingSources: Sendable {
  private struct Source: Sendable {
    /// How the user wrote a setting there: `--port`, `APUS_PORT`, `port in config/apus.yaml`.
    let spelling: @Sendable (_ name: String) -> String
    let provider: any ConfigProvider
  }

  private let sources: [Source]

  /// - Parameters:
  ///   - flags: the flags that were given, by setting name.
  ///   - environment: the process environment; `APUS_…` variables are read.
  ///   - file: path of a YAML file, or nil for none.
  ///   - known: the names a file may use; others are refused with their line.
  init(
    flags: [String: [String]], environment: [String: String], file: String?, known: Set<String>
  ) async throws(SettingsError) {
    let flagValues = flags.map { (AbsoluteConfigKey([$0.key]), ConfigValue(.stringArray($0.value), isSecret: false)) }
    var sources = [
      Source(
        spelling: { "--\($0)" },
        provider: InMemoryProvider(values: Dictionary(uniqueKeysWithValues: flagValues))),
      Source(
        spelling: Self.variable,
        provider: EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "apus")),
    ]
    if let file {
      if try Self.namesSettings(file, known: known) {
        do {
          let provider = try await FileProvider<YAMLSnapshot>(filePath: FilePath(file))
          sources.append(Source(spelling: { "\($0) in \(file)" }, provider: provider))
        } catch {
          throw .unreadableFile(path: file, reason: "\(error)")
        }
      }
    }
    self.sources = sources
  }

  /// The value of the strongest source that names the setting, or its default.
  func value<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value {
    let key = AbsoluteConfigKey([setting.name])
    for source in sources {
      guard let found = Self.read(key, isList: setting.isList, from: source.provider) else { continue }
      guard let value = setting.parse(found) else {
        throw .invalidValue(
          setting: source.spelling(setting.name), found: found.joined(separator: ","), expected: setting.expected)
      }
      return value
    }
    return setting.defaultValue
  }

  /// The environment variable of a setting: `step-tokens` is `APUS_STEP_TOKENS`.
  static func variable(_ name: String) -> String {
    "APUS_" + name.uppercased().replacing("-", with: "_")
  }

  /// What the source holds for the key; nil where it does not name it. The environment splits at commas
  /// only for a list, and flags are kept as lists always.
  private static func read(_ key: AbsoluteConfigKey, isList: Bool, from provider: any ConfigProvider) -> [String]? {
    for type in isList ? [ConfigType.stringArray, .string] : [.string, .stringArray] {
      switch (try? provider.value(forKey: key, type: type))?.value?.content {
      case .string(let text): return [text]
      case .stringArray(let list): return list
      default: continue
      }
    }
    return nil
  }

  /// Whether a file holds more than comments. Refuses keys that no setting has, so that a misspelt one is not
  /// ignored in silence, and values that are neither a scalar nor a list of scalars.
  private static func namesSettings(_ path: String, known: Set<String>) throws(SettingsError) -> Bool {
    let root = try readYAML(path) { SettingsError.unreadableFile(path: path, reason: $0) }
    guard let root else { return false }
    guard let mapping = root.mapping else {
      throw .unreadableFile(path: path, reason: "expected `setting: value` lines")
    }
    for (key, value) in mapping {
      let name = key.string ?? "\(key)"
      let line = key.mark?.line ?? 0
      guard known.contains(name) else { throw .unknownKey(name: name, file: path, line: line) }
      let isScalar = value.scalar != nil
      let isList = value.sequence.map { $0.allSatisfy { $0.scalar != nil } } ?? false
      guard isScalar || isList else {
        throw .invalidValue(setting: "\(name) in \(path)", found: "a nested value", expected: "one value or a list")
      }
    }
    return true
  }
}

/// What can be wrong with the settings.
enum SettingsError: Error, CustomStringConvertible {
  case invalidValue(setting: String, found: String, expected: String)
  case unknownKey(name: String, file: String, line: Int)
  case unreadableFile(path: String, reason: String)
  case missing(setting: String, neededBy: String)

  var description: String {
    switch self {
    case .invalidValue(let setting, let found, let expected):
      "\(setting) is \"\(found)\"; expected \(expected)."
    case .unknownKey(let name, let file, let line):
      "\(file), line \(line): there is no setting named \"\(name)\". config/apus.yaml lists all of them."
    case .unreadableFile(let path, let reason):
      "The configuration file \(path) cannot be used: \(reason)"
    case .missing(let setting, let other):
      "\(other) is set, and \(setting) is not; expected both."
    }
  }
}
