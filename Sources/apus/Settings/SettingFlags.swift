import ArgumentParser

/// The flags of `apus serve`. They are taken as text and read like every other source of settings, so that
/// one place checks values and one wording reports them.
struct SettingFlags: ParsableArguments {
  @Option(help: ArgumentHelp("A YAML file with settings; config/apus.yaml is a commented example.", valueName: "file"))
  var config: String?

  @Option(help: "Address to listen on. 0.0.0.0 or :: for all. (default: 127.0.0.1)")
  var host: String?

  @Option(help: "Port to listen on; 0 takes a free one. (default: 8080)")
  var port: String?

  @Option(
    help: ArgumentHelp(
      "Certificate in PEM format, with those above it; makes the server speak HTTPS. (default: none)",
      valueName: "file"))
  var tlsCertificate: String?

  @Option(help: ArgumentHelp("Private key of the certificate. (default: in the certificate's file)", valueName: "file"))
  var tlsKey: String?

  @Option(
    help: ArgumentHelp(
      "Certificates that clients' own must lead to. (default: clients need none)", valueName: "file"))
  var tlsClientCa: String?

  @Option(
    help: ArgumentHelp(
      "Model folder in Hugging Face format, or GGUF file. (default: the embedded swiftlet)", valueName: "path"))
  var model: String?

  @Option(help: ArgumentHelp("A name clients may use; may be repeated. (default: the model's)", valueName: "name"))
  var servedModelName: [String] = []

  @Option(
    help: ArgumentHelp(
      "A second checkpoint of the model, for thinking mode: folder or GGUF file. (default: the model itself)",
      valueName: "path"))
  var thinkingModel: String?

  @Option(
    help: ArgumentHelp(
      "One of several models, in place of --model; to be repeated. A file can say more. (default: none)",
      valueName: "name=path"))
  var models: [String] = []

  @Option(
    help: ArgumentHelp(
      "Memory that models may take together: auto, or such as 16GiB. (default: auto, all that is available)",
      valueName: "size"))
  var modelMemory: String?

  @Option(
    help: ArgumentHelp(
      "When a model is loaded: start, or demand when it is asked for. (default: start)", valueName: "when"))
  var load: String?

  @Option(
    help: ArgumentHelp(
      "Unload a model that nobody has used for so long; it is loaded again on demand. 0: never. (default: 0)",
      valueName: "seconds"))
  var idleUnload: String?

  @Option(help: ArgumentHelp("A Jinja file that replaces the model's chat template.", valueName: "file"))
  var chatTemplate: String?

  @Option(
    help: ArgumentHelp("How the model writes tool calls: auto, json, xml or none. (default: auto)", valueName: "format")
  )
  var toolCallFormat: String?

  @Option(help: ArgumentHelp("What ends a thought whose budget is used up. (default: </think>)", valueName: "text"))
  var thinkingClosingText: String?

  @Option(
    help: ArgumentHelp("Sampling in instruct mode, such as temperature=0.7; may be repeated.", valueName: "name=value"))
  var instructSampling: [String] = []

  @Option(
    help: ArgumentHelp("Sampling in thinking mode, such as top-k=20; may be repeated.", valueName: "name=value"))
  var thinkingSampling: [String] = []

  @Option(help: "What becomes of request fields nobody knows: report or refuse. (default: report)")
  var unknownFields: String?

  @Option(
    help: ArgumentHelp(
      "Where chat completions have thoughts: reasoning_content, reasoning or both. (default: reasoning_content)",
      valueName: "field"))
  var reasoningField: String?

  @Option(help: "Worker threads. (default: one a core)")
  var threads: String?

  @Option(
    help: ArgumentHelp(
      "Instruction set of the kernels: auto, avx512, avx2 or portable. (default: auto, the widest)",
      valueName: "name"))
  var isa: String?

  @Option(
    help: ArgumentHelp(
      "Where weights are read from: auto, mapped or huge-pages. (default: auto)", valueName: "placement"))
  var weights: String?

  @Option(help: ArgumentHelp("Longest conversation. (default: what the model allows)", valueName: "tokens"))
  var contextLength: String?

  @Option(help: ArgumentHelp("Requests that advance together. (default: 8)", valueName: "requests"))
  var maxRunning: String?

  @Option(help: ArgumentHelp("Requests that may wait; more get 429. (default: 256)", valueName: "requests"))
  var maxQueued: String?

  @Option(
    help: ArgumentHelp(
      "Requests of one tenant that run and wait; more get 429. 0: any number. (default: 0)", valueName: "requests"))
  var maxPerTenant: String?

  @Option(
    help: ArgumentHelp("How long a request waits before it is refused. 0: any time. (default: 0)", valueName: "seconds")
  )
  var maxQueueSeconds: String?

  @Option(
    help: ArgumentHelp(
      "Time between two tokens of a stream that prompts beside it may not exceed. 0: any. (default: 0)",
      valueName: "seconds"))
  var maxGap: String?

  @Option(
    help: ArgumentHelp(
      "How much earlier a request of the next priority seems to have come. (default: 30)", valueName: "seconds"))
  var priorityAging: String?

  @Option(
    help: ArgumentHelp(
      "Header field that names the tenant; empty: none. (default: x-llm-d-inference-fairness-id)", valueName: "name"))
  var tenantHeader: String?

  @Option(help: ArgumentHelp("Tokens of one engine step. (default: 512)", valueName: "tokens"))
  var stepTokens: String?

  @Option(
    help: ArgumentHelp("Size of the KV cache, such as 4GiB. (default: from context and memory)", valueName: "size"))
  var kvCacheBytes: String?

  @Option(
    help: ArgumentHelp(
      "Size of the states kept for prompts that come back: auto, or such as 4GiB. (default: auto)", valueName: "size"))
  var checkpointBytes: String?

  @Option(
    help: ArgumentHelp("Who reuses what was computed for whom: tenant or all. (default: tenant)", valueName: "who"))
  var cacheSharing: String?

  @Option(
    help: ArgumentHelp(
      "Tokens of earlier replies: faithful or canonical. (default: faithful)", valueName: "tokens"))
  var history: String?

  @Option(
    help: ArgumentHelp("Folder that caches are kept in, too, across restarts. (default: none)", valueName: "folder"))
  var cacheFolder: String?

  @Option(help: ArgumentHelp("Size of that folder. (default: 16GiB)", valueName: "size"))
  var cacheFolderBytes: String?

  @Option(
    help: ArgumentHelp(
      "How keys and values are stored: auto, f32, f16, bf16 or int8. (default: auto)", valueName: "type"))
  var kvType: String?

  @Option(help: ArgumentHelp("How recurrent states are stored: f32 or bf16. (default: f32)", valueName: "type"))
  var stateType: String?

  @Option(help: ArgumentHelp("What BF16 weights are multiplied with: f32 or bf16. (default: f32)", valueName: "type"))
  var compute: String?

  @Option(
    help: ArgumentHelp(
      "Who guesses tokens, so that a step may yield several: mtp, lookup or off. (default: off)", valueName: "who"))
  var draft: String?

  @Option(help: ArgumentHelp("Tokens guessed for a reply in a step, at most. (default: 4)", valueName: "tokens"))
  var drafts: String?

  @Option(help: "Threads that serve connections; 0: one a core, up to 4. (default: 0)")
  var httpThreads: String?

  @Option(help: ArgumentHelp("Largest request body. (default: 32MiB)", valueName: "size"))
  var maxBodyBytes: String?

  @Option(help: ArgumentHelp("Open connections. (default: 1024)", valueName: "connections"))
  var maxConnections: String?

  @Option(
    help: ArgumentHelp("Open connections of one address; 0: any number. (default: 0)", valueName: "connections"))
  var maxConnectionsPerAddress: String?

  @Option(help: ArgumentHelp("How long an unused connection stays open. (default: 75)", valueName: "seconds"))
  var idleTimeout: String?

  @Option(help: ArgumentHelp("Time for a request's head to arrive. (default: 10)", valueName: "seconds"))
  var headerTimeout: String?

  @Option(help: ArgumentHelp("Time for a request's body to arrive. (default: 60)", valueName: "seconds"))
  var bodyTimeout: String?

  @Option(help: ArgumentHelp("When a client that reads nothing is dropped. (default: 30)", valueName: "seconds"))
  var writeTimeout: String?

  @Option(help: ArgumentHelp("How often a silent stream sends a comment. (default: 10)", valueName: "seconds"))
  var heartbeat: String?

  @Option(help: ArgumentHelp("Responses kept to go on from them; 0 keeps none. (default: 64MiB)", valueName: "size"))
  var responseStoreBytes: String?

  @Option(help: ArgumentHelp("Time for running replies to finish on SIGTERM. (default: 30)", valueName: "seconds"))
  var shutdownGrace: String?

  @Option(
    help: ArgumentHelp("Origin whose pages may call the server; may be repeated. (default: *)", valueName: "origin"))
  var corsOrigin: [String] = []

  @Option(
    help: ArgumentHelp(
      "A key that lets a client in; may be repeated. Better in APUS_API_KEY: flags can be seen. (default: none)",
      valueName: "name:secret"))
  var apiKey: [String] = []

  @Option(
    help: ArgumentHelp("A file of keys that let clients in; see apus help key. (default: none)", valueName: "file"))
  var apiKeysFile: String?

  @Option(help: "Whether /metrics are shown without a key, too: true or false. (default: false)")
  var openMetrics: String?

  @Option(
    help: ArgumentHelp("How long a step may take before the server is stalled. (default: 120)", valueName: "seconds"))
  var stallTimeout: String?

  @Option(help: "trace, debug, info, notice, warning, error or critical. (default: info)")
  var logLevel: String?

  @Option(help: "How log lines are written: text or json. (default: text)")
  var logFormat: String?

  /// What was given, by setting name.
  var values: [String: [String]] {
    let single: [String: String?] = [
      "host": host, "port": port, "tls-certificate": tlsCertificate, "tls-key": tlsKey, "tls-client-ca": tlsClientCa,
      "model": model, "model-memory": modelMemory, "load": load, "idle-unload": idleUnload,
      "thinking-model": thinkingModel, "chat-template": chatTemplate,
      "tool-call-format": toolCallFormat, "thinking-closing-text": thinkingClosingText,
      "unknown-fields": unknownFields, "reasoning-field": reasoningField, "threads": threads, "isa": isa,
      "weights": weights,
      "context-length": contextLength, "max-running": maxRunning, "max-queued": maxQueued,
      "max-per-tenant": maxPerTenant, "max-queue-seconds": maxQueueSeconds, "max-gap": maxGap,
      "priority-aging": priorityAging, "tenant-header": tenantHeader, "step-tokens": stepTokens,
      "kv-cache-bytes": kvCacheBytes, "checkpoint-bytes": checkpointBytes, "cache-sharing": cacheSharing,
      "history": history, "cache-folder": cacheFolder, "cache-folder-bytes": cacheFolderBytes, "kv-type": kvType,
      "state-type": stateType, "compute": compute, "draft": draft, "drafts": drafts,
      "http-threads": httpThreads, "max-body-bytes": maxBodyBytes, "max-connections": maxConnections,
      "idle-timeout": idleTimeout, "header-timeout": headerTimeout, "body-timeout": bodyTimeout,
      "write-timeout": writeTimeout, "heartbeat": heartbeat, "response-store-bytes": responseStoreBytes,
      "shutdown-grace": shutdownGrace, "log-level": logLevel,
      "stall-timeout": stallTimeout, "api-keys-file": apiKeysFile, "open-metrics": openMetrics,
      "max-connections-per-address": maxConnectionsPerAddress, "log-format": logFormat,
    ]
    let repeated = [
      "served-model-name": servedModelName, "models": models, "cors-origin": corsOrigin, "api-key": apiKey,
      "instruct-sampling": instructSampling,
      "thinking-sampling": thinkingSampling,
    ]
    return single.compactMapValues { $0.map { [$0] } }
      .merging(repeated.filter { !$0.value.isEmpty }) { first, _ in first }
  }
}
