import Kernels
import Models
import Serving

/// When a model is loaded.
enum LoadTime: String, CaseIterable {
  /// Before the server is ready.
  case start
  /// When it is first asked for, and again after it was unloaded.
  case demand
}

/// The settings of one model: its own in the setting `models`, and for what that leaves out the server's.
struct ModelSettings: Sendable {
  /// Names clients may use, the real one first; empty: the file's or folder's.
  var names: [String]
  /// Folder or file of the model; nil serves the embedded one.
  var path: String?
  /// The checkpoint for thinking mode; nil: the model itself.
  var thinkingPath: String?
  var load: LoadTime
  /// Seconds without requests after which it is unloaded; 0: never.
  var idleUnload: Double
  var chatTemplate: String?
  var toolCallFormat: ToolCallSetting
  var thinkingClosingText: String?
  var instructSampling: SamplingOverrides
  var thinkingSampling: SamplingOverrides
  /// Worker threads; 0: one a core.
  var threads: Int
  var weights: WeightSetting
  /// Tokens of one conversation; 0: as many as the model allows.
  var contextLength: Int
  var maximumRunning: Int
  var maximumQueued: Int
  /// Seconds in the queue; 0: no limit.
  var maximumQueueSeconds: Double
  /// Seconds between two tokens; 0: no limit.
  var maximumGap: Double
  var stepTokens: Int
  /// Bytes of the KV cache; 0: four times every running request's whole context, within free memory.
  var kvCacheBytes: Int
  /// Bytes of kept states; nil: a share of free memory.
  var checkpointBytes: Int?
  var history: HistoryTokens
  /// How keys and values are stored; nil: F16 for quantised models, F32 for others.
  var kvType: CacheElement?
  /// How recurrent states are stored.
  var stateType: StateElement
  var compute: BF16Compute
  /// Who guesses tokens.
  var draft: DraftSource
  /// Tokens guessed for a reply in a step, at most.
  var drafts: Int
}

extension ModelSettings {
  private enum Known {
    static let path = Setting.optionalText("model", expected: "a folder or a file")
    static let thinkingPath = Setting.optionalText("thinking-model", expected: "a folder or a file")
    static let load = Setting.choice("load", default: LoadTime.start)
    static let idleUnload = Setting.seconds("idle-unload", default: 0, in: 0...31_536_000)
    static let chatTemplate = Setting.optionalText("chat-template", expected: "a file")
    static let toolCallFormat = Setting.choice("tool-call-format", default: ToolCallSetting.automatic)
    static let thinkingClosingText = Setting.optionalText("thinking-closing-text", expected: "a text")
    static let instructSampling = Setting.sampling("instruct-sampling")
    static let thinkingSampling = Setting.sampling("thinking-sampling")
    static let threads = Setting.whole("threads", default: 0, in: 0...1024)
    static let weights = Setting.choice("weights", default: WeightSetting.automatic)
    static let contextLength = Setting.whole("context-length", default: 0, in: 0...16_777_216)
    static let maximumRunning = Setting.whole("max-running", default: 8, in: 1...1024)
    static let maximumQueued = Setting.whole("max-queued", default: 256, in: 0...1_000_000)
    static let maximumQueueSeconds = Setting.seconds("max-queue-seconds", default: 0, in: 0...86_400)
    static let maximumGap = Setting.seconds("max-gap", default: 0, in: 0...3600)
    static let stepTokens = Setting.whole("step-tokens", default: 512, in: 1...65_536)
    static let kvCacheBytes = Setting.bytes("kv-cache-bytes", default: 0, in: 0...(1 << 46))
    static let checkpointBytes = Setting<Int?>.automaticBytes("checkpoint-bytes", in: 0...(1 << 46))
    static let history = Setting.choice("history", default: HistoryTokens.faithful)
    static let kvType = Setting<CacheElement?>.automaticChoice("kv-type")
    static let stateType = Setting.choice("state-type", default: StateElement.f32)
    static let compute = Setting.choice("compute", default: BF16Compute.f32)
    static let draft = Setting.choice("draft", default: DraftSource.off)
    static let drafts = Setting.whole("drafts", default: 4, in: DraftingConfiguration.limits)
  }

  /// The settings a model may have of its own, beside its name, path and aliases.
  static let ownNames: Set<String> = [
    Known.thinkingPath.name, Known.load.name, Known.idleUnload.name, Known.chatTemplate.name,
    Known.toolCallFormat.name, Known.thinkingClosingText.name, Known.instructSampling.name,
    Known.thinkingSampling.name, Known.threads.name, Known.weights.name, Known.contextLength.name,
    Known.maximumRunning.name, Known.maximumQueued.name, Known.maximumQueueSeconds.name, Known.maximumGap.name,
    Known.stepTokens.name, Known.kvCacheBytes.name, Known.checkpointBytes.name, Known.history.name, Known.kvType.name,
    Known.stateType.name, Known.compute.name, Known.draft.name, Known.drafts.name,
  ]

  /// The settings that all models have where they have none of their own.
  static let sharedNames = ownNames.union([Known.path.name])

  /// Reads the settings of a model.
  /// - Parameters:
  ///   - names: what clients may call it.
  ///   - sources: its own in front of the server's.
  init(names: [String], _ sources: SettingSources) throws(SettingsError) {
    self.names = names
    path = try sources.value(Known.path)
    thinkingPath = try sources.value(Known.thinkingPath)
    load = try sources.value(Known.load)
    idleUnload = try sources.value(Known.idleUnload)
    chatTemplate = try sources.value(Known.chatTemplate)
    toolCallFormat = try sources.value(Known.toolCallFormat)
    thinkingClosingText = try sources.value(Known.thinkingClosingText)
    instructSampling = try sources.value(Known.instructSampling)
    thinkingSampling = try sources.value(Known.thinkingSampling)
    threads = try sources.value(Known.threads)
    weights = try sources.value(Known.weights)
    contextLength = try sources.value(Known.contextLength)
    maximumRunning = try sources.value(Known.maximumRunning)
    maximumQueued = try sources.value(Known.maximumQueued)
    maximumQueueSeconds = try sources.value(Known.maximumQueueSeconds)
    maximumGap = try sources.value(Known.maximumGap)
    stepTokens = try sources.value(Known.stepTokens)
    kvCacheBytes = try sources.value(Known.kvCacheBytes)
    checkpointBytes = try sources.value(Known.checkpointBytes)
    history = try sources.value(Known.history)
    kvType = try sources.value(Known.kvType)
    stateType = try sources.value(Known.stateType)
    compute = try sources.value(Known.compute)
    draft = try sources.value(Known.draft)
    drafts = try sources.value(Known.drafts)
  }
}
