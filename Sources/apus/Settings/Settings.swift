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
  /// Folder or file of the model; nil serves the embedded one.
  var model: String?
  /// The checkpoint for thinking mode; nil: the model itself.
  var thinkingModel: String?
  /// Names clients may use; empty: the model's own.
  var servedModelNames: [String]
  var chatTemplate: String?
  var toolCallFormat: ToolCallSetting
  var thinkingClosingText: String?
  var instructSampling: SamplingOverrides
  var thinkingSampling: SamplingOverrides
  var unknownFields: UnknownFields
  var reasoningField: ReasoningField
  /// Worker threads; 0: one a core.
  var threads: Int
  /// What the kernels use.
  var instructionSet: InstructionSet
  var weights: WeightSetting
  /// Tokens of one conversation; 0: as many as the model allows.
  var contextLength: Int
  var maximumRunning: Int
  var maximumQueued: Int
  /// Requests of one tenant; 0: no limit.
  var maximumPerTenant: Int
  /// Seconds in the queue; 0: no limit.
  var maximumQueueSeconds: Double
  /// Seconds between two tokens; 0: no limit.
  var maximumGap: Double
  var priorityAging: Double
  /// The header field that names the tenant; nil: none.
  var tenantHeader: HTTPField.Name?
  var stepTokens: Int
  /// Bytes of the KV cache; 0: four times every running request's whole context, within free memory.
  var kvCacheBytes: Int
  /// Bytes of kept states; nil: a share of free memory.
  var checkpointBytes: Int?
  var cacheSharing: CacheSharing
  var history: HistoryTokens
  /// Folder of the disk cache; nil: none.
  var cacheFolder: String?
  var cacheFolderBytes: Int
  /// How keys and values are stored; nil: F16 for quantised models, F32 for others.
  var kvType: CacheElement?
  /// How recurrent states are stored.
  var stateType: StateElement
  var compute: BF16Compute
  /// Who guesses tokens.
  var draft: DraftSource
  /// Tokens guessed for a reply in a step, at most.
  var drafts: Int
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
  private enum Known {
    static let host = Setting.text("host", default: "127.0.0.1")
    static let port = Setting.whole("port", default: 8080, in: 0...65535)
    static let tlsCertificate = Setting.optionalText("tls-certificate", expected: "a file")
    static let tlsKey = Setting.optionalText("tls-key", expected: "a file")
    static let tlsClientAuthority = Setting.optionalText("tls-client-ca", expected: "a file")
    static let model = Setting.optionalText("model", expected: "a folder or a file")
    static let thinkingModel = Setting.optionalText("thinking-model", expected: "a folder or a file")
    static let servedModelNames = Setting.list("served-model-name", default: [], expected: "names that are not empty")
    static let chatTemplate = Setting.optionalText("chat-template", expected: "a file")
    static let toolCallFormat = Setting.choice("tool-call-format", default: ToolCallSetting.automatic)
    static let thinkingClosingText = Setting.optionalText("thinking-closing-text", expected: "a text")
    static let instructSampling = Setting.sampling("instruct-sampling")
    static let thinkingSampling = Setting.sampling("thinking-sampling")
    static let unknownFields = Setting.choice("unknown-fields", default: UnknownFields.report)
    static let reasoningField = Setting.choice("reasoning-field", default: ReasoningField.reasoningContent)
    static let threads = Setting.whole("threads", default: 0, in: 0...1024)
    static let instructionSet = Setting<InstructionSet>(
      name: "isa", defaultValue: .best, expected: InstructionSet.settings
    ) { $0.count == 1 ? InstructionSet(setting: $0[0]) : nil }
    static let weights = Setting<WeightSetting>(
      name: "weights", defaultValue: .automatic,
      expected: "one of " + WeightSetting.allCases.map(\.rawValue).joined(separator: ", ")
    ) { $0.count == 1 ? WeightSetting(rawValue: $0[0]) : nil }
    static let contextLength = Setting.whole("context-length", default: 0, in: 0...16_777_216)
    static let maximumRunning = Setting.whole("max-running", default: 8, in: 1...1024)
    static let maximumQueued = Setting.whole("max-queued", default: 256, in: 0...1_000_000)
    static let maximumPerTenant = Setting.whole("max-per-tenant", default: 0, in: 0...1_000_000)
    static let maximumQueueSeconds = Setting.seconds("max-queue-seconds", default: 0, in: 0...86_400)
    static let maximumGap = Setting.seconds("max-gap", default: 0, in: 0...3600)
    static let priorityAging = Setting.seconds("priority-aging", default: 30, in: 0...86_400)
    static let tenantHeader = Setting<HTTPField.Name?>(
      name: "tenant-header", defaultValue: HTTPField.Name("x-llm-d-inference-fairness-id"),
      expected: "the name of a header field, or nothing"
    ) { values in
      guard values.count == 1 else { return nil }
      return values[0].isEmpty ? .some(nil) : HTTPField.Name(values[0]).map { .some($0) }
    }
    static let stepTokens = Setting.whole("step-tokens", default: 512, in: 1...65_536)
    static let kvCacheBytes = Setting.bytes("kv-cache-bytes", default: 0, in: 0...(1 << 46))
    static let checkpointBytes = Setting<Int?>.automaticBytes("checkpoint-bytes", in: 0...(1 << 46))
    static let cacheSharing = Setting.choice("cache-sharing", default: CacheSharing.tenant)
    static let history = Setting.choice("history", default: HistoryTokens.faithful)
    static let cacheFolder = Setting.optionalText("cache-folder", expected: "a folder")
    static let cacheFolderBytes = Setting.bytes("cache-folder-bytes", default: 16 << 30, in: (1 << 20)...(1 << 50))
    static let kvType = Setting<CacheElement?>.automaticChoice("kv-type")
    static let stateType = Setting.choice("state-type", default: StateElement.f32)
    static let compute = Setting.choice("compute", default: BF16Compute.f32)
    static let draft = Setting.choice("draft", default: DraftSource.off)
    static let drafts = Setting.whole("drafts", default: 4, in: DraftingConfiguration.limits)
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
      host.name, port.name, tlsCertificate.name, tlsKey.name, tlsClientAuthority.name, model.name, thinkingModel.name,
      servedModelNames.name, chatTemplate.name,
      toolCallFormat.name,
      thinkingClosingText.name, instructSampling.name, thinkingSampling.name, unknownFields.name, reasoningField.name,
      threads.name,
      instructionSet.name,
      weights.name, contextLength.name, maximumRunning.name, maximumQueued.name, maximumPerTenant.name,
      maximumQueueSeconds.name, maximumGap.name, priorityAging.name, tenantHeader.name, stepTokens.name,
      kvCacheBytes.name,
      checkpointBytes.name, cacheSharing.name, history.name, cacheFolder.name, cacheFolderBytes.name,
      kvType.name, stateType.name, compute.name, draft.name, drafts.name,
      httpThreads.name, maximumBodyBytes.name, maximumConnections.name, idleTimeout.name, headerTimeout.name,
      bodyTimeout.name,
      writeTimeout.name, heartbeat.name, responseStoreBytes.name, shutdownGrace.name, corsOrigins.name, logLevel.name,
      stallTimeout.name, logFormat.name, apiKeys.name, apiKeysFile.name, openMetrics.name,
      maximumConnectionsPerAddress.name,
    ]
  }

  /// Reads every setting.
  /// - Parameters:
  ///   - flags: what was given on the command line, by setting name.
  ///   - environment: the process environment.
  ///   - file: the configuration file, or nil for none.
  /// - Throws: `SettingsError` naming the setting as the user spelt it, what was found and what is expected.
  init(flags: [String: [String]], environment: [String: String], file: String?) async throws(SettingsError) {
    let sources = try await SettingSources(flags: flags, environment: environment, file: file, known: Known.names)
    host = try sources.value(Known.host)
    port = try sources.value(Known.port)
    tlsCertificate = try sources.value(Known.tlsCertificate)
    tlsKey = try sources.value(Known.tlsKey)
    tlsClientAuthority = try sources.value(Known.tlsClientAuthority)
    model = try sources.value(Known.model)
    thinkingModel = try sources.value(Known.thinkingModel)
    servedModelNames = try sources.value(Known.servedModelNames)
    chatTemplate = try sources.value(Known.chatTemplate)
    toolCallFormat = try sources.value(Known.toolCallFormat)
    thinkingClosingText = try sources.value(Known.thinkingClosingText)
    instructSampling = try sources.value(Known.instructSampling)
    thinkingSampling = try sources.value(Known.thinkingSampling)
    unknownFields = try sources.value(Known.unknownFields)
    reasoningField = try sources.value(Known.reasoningField)
    threads = try sources.value(Known.threads)
    instructionSet = try sources.value(Known.instructionSet)
    weights = try sources.value(Known.weights)
    contextLength = try sources.value(Known.contextLength)
    maximumRunning = try sources.value(Known.maximumRunning)
    maximumQueued = try sources.value(Known.maximumQueued)
    maximumPerTenant = try sources.value(Known.maximumPerTenant)
    maximumQueueSeconds = try sources.value(Known.maximumQueueSeconds)
    maximumGap = try sources.value(Known.maximumGap)
    priorityAging = try sources.value(Known.priorityAging)
    tenantHeader = try sources.value(Known.tenantHeader)
    stepTokens = try sources.value(Known.stepTokens)
    kvCacheBytes = try sources.value(Known.kvCacheBytes)
    checkpointBytes = try sources.value(Known.checkpointBytes)
    cacheSharing = try sources.value(Known.cacheSharing)
    history = try sources.value(Known.history)
    cacheFolder = try sources.value(Known.cacheFolder)
    cacheFolderBytes = try sources.value(Known.cacheFolderBytes)
    kvType = try sources.value(Known.kvType)
    stateType = try sources.value(Known.stateType)
    compute = try sources.value(Known.compute)
    draft = try sources.value(Known.draft)
    drafts = try sources.value(Known.drafts)
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
}
