import Configuration
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
  /// The models that the file lists; nil where there is no such list.
  private let modelsInFile: [ModelEntry]?

  /// - Parameters:
  ///   - flags: the flags that were given, by setting name.
  ///   - environment: the process environment; `APUS_…` variables are read.
  ///   - file: path of a YAML file, or nil for none.
  ///   - known: the names a file may use; others are refused with their line.
  init(
    flags: [String: [String]], environment: [String: String], file: String?, known: Set<String>
  ) throws(SettingsError) {
    let flagValues = flags.map { (AbsoluteConfigKey([$0.key]), Self.value(of: $0.value)) }
    var sources = [
      Source(
        spelling: { "--\($0)" },
        provider: InMemoryProvider(values: Dictionary(uniqueKeysWithValues: flagValues))),
      Source(
        spelling: Self.variable,
        provider: EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "apus")),
    ]
    var models: [ModelEntry]?
    if let file {
      let (values, entries) = try Self.read(file, known: known)
      sources.append(Source(spelling: { "\($0) in \(file)" }, provider: InMemoryProvider(values: values)))
      models = entries
    }
    self.sources = sources
    modelsInFile = models
  }

  private init(_ sources: [Source]) {
    self.sources = sources
    modelsInFile = nil
  }

  /// These sources behind a model's own settings.
  func behind(_ entry: ModelEntry) -> SettingSources {
    let values = entry.settings.map { (AbsoluteConfigKey([$0.key]), Self.value(of: $0.value)) }
    let own = Source(
      spelling: { "\($0) of \(entry.place)" },
      provider: InMemoryProvider(values: Dictionary(uniqueKeysWithValues: values)))
    return SettingSources([own] + sources)
  }

  /// The models that are listed; nil where no source lists any.
  /// - Parameter setting: `NAME=PATH` in flags and environment.
  func models(_ setting: Setting<[String]>) throws(SettingsError) -> [ModelEntry]? {
    let key = AbsoluteConfigKey([setting.name])
    for source in sources {
      guard let texts = Self.read(key, isList: true, from: source.provider) else { continue }
      // As of any setting: empty is not set.
      if texts == [""] { return nil }
      return try texts.map { text throws(SettingsError) in try ModelEntry(text, place: source.spelling(setting.name)) }
    }
    return modelsInFile
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

  /// Reads a file. Refuses keys that no setting has, so that a misspelt one is not ignored in silence, and values that are
  /// neither a scalar nor a list of scalars; those of `models` may be mappings, too.
  private static func read(
    _ path: String, known: Set<String>
  ) throws(SettingsError) -> (values: [AbsoluteConfigKey: ConfigValue], models: [ModelEntry]?) {
    let root = try readYAML(path) { SettingsError.unreadableFile(path: path, reason: $0) }
    guard let root else { return ([:], nil) }
    guard let mapping = root.mapping else {
      throw .unreadableFile(path: path, reason: "expected `setting: value` lines")
    }
    var values: [AbsoluteConfigKey: ConfigValue] = [:]
    var models: [ModelEntry]?
    for (key, value) in mapping {
      let name = key.string ?? "\(key)"
      guard known.contains(name) else { throw .unknownKey(name: name, file: path, line: key.mark?.line ?? 0) }
      if name == Settings.modelList.name, let list = value.sequence {
        models = try list.map { entry throws(SettingsError) in try ModelEntry(entry, file: path) }
        continue
      }
      guard let texts = value.settingValues else {
        throw .invalidValue(setting: "\(name) in \(path)", found: "a nested value", expected: "one value or a list")
      }
      values[AbsoluteConfigKey([name])] = Self.value(of: texts, isList: value.sequence != nil)
    }
    return (values, models)
  }

  private static func value(of texts: [String], isList: Bool = true) -> ConfigValue {
    ConfigValue(isList ? .stringArray(texts) : .string(texts.first ?? ""), isSecret: false)
  }
}

/// What can be wrong with the settings.
enum SettingsError: Error, CustomStringConvertible {
  case invalidValue(setting: String, found: String, expected: String)
  case unknownKey(name: String, file: String, line: Int)
  case unknownModelKey(name: String, file: String, line: Int)
  case unreadableFile(path: String, reason: String)
  case missing(setting: String, neededBy: String)
  case excluded(setting: String, by: String)

  var description: String {
    switch self {
    case .invalidValue(let setting, let found, let expected):
      "\(setting) is \"\(found)\"; expected \(expected)."
    case .unknownKey(let name, let file, let line):
      "\(file), line \(line): there is no setting named \"\(name)\". config/apus.yaml lists all of them."
    case .unknownModelKey(let name, let file, let line):
      "\(file), line \(line): a model has no setting of its own named \"\(name)\"; there are name, path, aliases, "
        + ModelSettings.ownNames.sorted().joined(separator: ", ") + "."
    case .unreadableFile(let path, let reason):
      "The configuration file \(path) cannot be used: \(reason)"
    case .missing(let setting, let other):
      "\(other) is set, and \(setting) is not; expected both."
    case .excluded(let setting, let other):
      "\(setting) and \(other) are both set, and exclude each other; say it in the entries of \(other)."
    }
  }
}
