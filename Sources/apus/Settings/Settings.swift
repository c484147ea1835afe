import APIServer
import HTTPTypes
import Kernels
import Logging
import Models
import Serving

/// Every setting of `apus serve`, read once at start and fixed from then on. `config/apus.yaml` documents
/// them.
struct Settings: Sendable {
  var host: String
  var port: Int
  /// The server's certificate and those above it; nil: no TLS.
  var tlsCertificate: String?
  /// Its private key; nil: in the same file.
  var tlsKey: String?
  /// What clients' certificates have to lead to; nil: clients need none.
  var tlsClientAuthority: String?
  /// The models; at least one.
  var models: [ModelSettings]
  /// Bytes that models may take together; nil: what is available when the server starts.
  var modelMemory: Int?
  var unknownFields: UnknownFields
  var reasoningField: ReasoningField
  /// What the kernels use.
  var instructionSet: InstructionSet
  /// Requests of one tenant; 0: no limit.
  var maximumPerTenant: Int
  var priorityAging: Double
  /// The header field that names the tenant; nil: none.
  var tenantHeader: HTTPField.Name?
  var cacheSharing: CacheSharing
  /// Folder of the disk cache; nil: none.
  var cacheFolder: String?
  var cacheFolderBytes: Int
  /// Event loops, each with a thread; 0: as many as there are cores, up to four.
  var httpThreads: Int
  var maximumBodyBytes: Int
  var maximumConnections: Int
  /// Of one address; 0: any number.
  var maximumConnectionsPerAddress: Int
  var idleTimeout: Double
  var headerTimeout: Double
  var bodyTimeout: Double
  var writeTimeout: Double
  var heartbeat: Double
  /// Bytes of responses that are kept for later requests.
  var responseStoreBytes: Int
  var shutdownGrace: Double
  var corsOrigins: [String]
  /// Keys that let clients in, as `NAME:SECRET`.
  var apiKeys: [String]
  /// A file of further keys; with neither everybody is let in.
  var apiKeysFile: String?
  /// Whether `/metrics` are shown without a key.
  var openMetrics: Bool
  /// How long a step may take before the server counts as stalled.
  var stallTimeout: Double
  var logLevel: Logger.Level
  var logFormat: LogFormat
}

extension Settings {
  /// The list of models; in files with settings of their own.
  static let modelList = Setting.list("models", default: [], expected: "entries such as NAME=PATH")

  private enum Known {
    static let host = Setting.text("host", default: "127.0.0.1")
    static let port = Setting.whole("port", default: 8080, in: 0...65535)
    static let tlsCertificate = Setting.optionalText("tls-certificate", expected: "a file")
    static let tlsKey = Setting.optionalText("tls-key", expected: "a file")
    static let tlsClientAuthority = Setting.optionalText("tls-client-ca", expected: "a file")
    static let servedModelNames = Setting.list("served-model-name", default: [], expected: "names that are not empty")
    static let modelMemory = Setting<Int?>.automaticBytes("model-memory", in: 0...(1 << 50))
    static let unknownFields = Setting.choice("unknown-fields", default: UnknownFields.report)
    static let reasoningField = Setting.choice("reasoning-field", default: ReasoningField.reasoningContent)
    static let instructionSet = Setting<InstructionSet>(
      name: "isa", defaultValue: .best, expected: InstructionSet.settings
    ) { $0.count == 1 ? InstructionSet(setting: $0[0]) : nil }
    static let maximumPerTenant = Setting.whole("max-per-tenant", default: 0, in: 0...1_000_000)
    static let priorityAging = Setting.seconds("priority-aging", default: 30, in: 0...86_400)
    static let tenantHeader = Setting<HTTPField.Name?>(
      name: "tenant-header", defaultValue: HTTPField.Name("x-llm-d-inference-fairness-id"),
      expected: "the name of a header field, or nothing"
    ) { values in
      guard values.count == 1 else { return nil }
      return values[0].isEmpty ? .some(nil) : HTTPField.Name(values[0]).map { .some($0) }
    }
    static let cacheSharing = Setting.choice("cache-sharing", default: CacheSharing.tenant)
    static let cacheFolder = Setting.optionalText("cache-folder", expected: "a folder")
    static let cacheFolderBytes = Setting.bytes("cache-folder-bytes", default: 16 << 30, in: (1 << 20)...(1 << 50))
    static let httpThreads = Setting.whole("http-threads", default: 0, in: 0...256)
    static let maximumBodyBytes = Setting.bytes("max-body-bytes", default: 32 << 20, in: 1024...(1 << 32))
    static let maximumConnections = Setting.whole("max-connections", default: 1024, in: 1...1_000_000)
    static let maximumConnectionsPerAddress = Setting.whole(
      "max-connections-per-address", default: 0, in: 0...1_000_000)
    static let idleTimeout = Setting.seconds("idle-timeout", default: 75, in: 0.1...86_400)
    static let headerTimeout = Setting.seconds("header-timeout", default: 10, in: 0.1...3600)
    static let bodyTimeout = Setting.seconds("body-timeout", default: 60, in: 0.1...3600)
    static let writeTimeout = Setting.seconds("write-timeout", default: 30, in: 0.1...3600)
    static let heartbeat = Setting.seconds("heartbeat", default: 10, in: 0.1...3600)
    static let responseStoreBytes = Setting.bytes("response-store-bytes", default: 64 << 20, in: 0...(1 << 40))
    static let shutdownGrace = Setting.seconds("shutdown-grace", default: 30, in: 0...86_400)
    static let apiKeys = Setting.list("api-key", default: [], expected: "keys such as NAME:SECRET")
    static let apiKeysFile = Setting.optionalText("api-keys-file", expected: "a file")
    static let openMetrics = Setting.flag("open-metrics", default: false)
    static let stallTimeout = Setting.seconds("stall-timeout", default: 120, in: 1...86_400)
    static let logFormat = Setting.choice("log-format", default: LogFormat.text)
    static let corsOrigins = Setting.list(
      "cors-origin", default: ["*"], expected: "origins such as https://example.org")
    static let logLevel = Setting<Logger.Level>(
      name: "log-level", defaultValue: .info,
      expected: "one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
    ) { $0.count == 1 ? Logger.Level(rawValue: $0[0]) : nil }

    static let names: Set<String> = [
      host.name, port.name, tlsCertificate.name, tlsKey.name, tlsClientAuthority.name, modelList.name,
      servedModelNames.name, modelMemory.name, unknownFields.name, reasoningField.name,
      instructionSet.name, maximumPerTenant.name, priorityAging.name, tenantHeader.name, cacheSharing.name,
      cacheFolder.name,
      cacheFolderBytes.name, httpThreads.name, maximumBodyBytes.name, maximumConnections.name, idleTimeout.name,
      headerTimeout.name, bodyTimeout.name, writeTimeout.name, heartbeat.name, responseStoreBytes.name,
      shutdownGrace.name,
      corsOrigins.name, logLevel.name, stallTimeout.name, logFormat.name, apiKeys.name, apiKeysFile.name,
      openMetrics.name,
      maximumConnectionsPerAddress.name,
    ]
  }

  /// Reads every setting.
  /// - Parameters:
  ///   - flags: what was given on the command line, by setting name.
  ///   - environment: the process environment.
  ///   - file: the configuration file, or nil for none.
  /// - Throws: `SettingsError` naming the setting as the user spelt it, what was found and what is expected.
  init(flags: [String: [String]], environment: [String: String], file: String?) throws(SettingsError) {
    let sources = try SettingSources(
      flags: flags, environment: environment, file: file, known: Known.names.union(ModelSettings.sharedNames))
    host = try sources.value(Known.host)
    port = try sources.value(Known.port)
    tlsCertificate = try sources.value(Known.tlsCertificate)
    tlsKey = try sources.value(Known.tlsKey)
    tlsClientAuthority = try sources.value(Known.tlsClientAuthority)
    models = try Self.models(sources, servedNames: try sources.value(Known.servedModelNames))
    modelMemory = try sources.value(Known.modelMemory)
    unknownFields = try sources.value(Known.unknownFields)
    reasoningField = try sources.value(Known.reasoningField)
    instructionSet = try sources.value(Known.instructionSet)
    maximumPerTenant = try sources.value(Known.maximumPerTenant)
    priorityAging = try sources.value(Known.priorityAging)
    tenantHeader = try sources.value(Known.tenantHeader)
    cacheSharing = try sources.value(Known.cacheSharing)
    cacheFolder = try sources.value(Known.cacheFolder)
    cacheFolderBytes = try sources.value(Known.cacheFolderBytes)
    httpThreads = try sources.value(Known.httpThreads)
    maximumBodyBytes = try sources.value(Known.maximumBodyBytes)
    maximumConnections = try sources.value(Known.maximumConnections)
    maximumConnectionsPerAddress = try sources.value(Known.maximumConnectionsPerAddress)
    idleTimeout = try sources.value(Known.idleTimeout)
    headerTimeout = try sources.value(Known.headerTimeout)
    bodyTimeout = try sources.value(Known.bodyTimeout)
    writeTimeout = try sources.value(Known.writeTimeout)
    heartbeat = try sources.value(Known.heartbeat)
    responseStoreBytes = try sources.value(Known.responseStoreBytes)
    shutdownGrace = try sources.value(Known.shutdownGrace)
    corsOrigins = try sources.value(Known.corsOrigins)
    apiKeys = try sources.value(Known.apiKeys)
    apiKeysFile = try sources.value(Known.apiKeysFile)
    openMetrics = try sources.value(Known.openMetrics)
    stallTimeout = try sources.value(Known.stallTimeout)
    logLevel = try sources.value(Known.logLevel)
    logFormat = try sources.value(Known.logFormat)
  }
  /// The models that are listed, or the one that is not.
  private static func models(
    _ sources: SettingSources, servedNames: [String]
  ) throws(SettingsError) -> [ModelSettings] {
    let single = try ModelSettings(names: servedNames, sources)
    guard let entries = try sources.models(modelList), !entries.isEmpty else { return [single] }
    let others = [
      ("model", single.path != nil), ("thinking-model", single.thinkingPath != nil),
      (Known.servedModelNames.name, !servedNames.isEmpty),
    ]
    for (name, isSet) in others where isSet { throw .excluded(setting: name, by: modelList.name) }
    var names: Set<String> = []
    for entry in entries {
      for name in entry.names where !names.insert(name).inserted {
        throw .invalidValue(setting: entry.place, found: name, expected: "a name that no other model has")
      }
    }
    return try entries.map { entry throws(SettingsError) in
      try ModelSettings(names: entry.names, sources.behind(entry))
    }
  }
}
