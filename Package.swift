// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled with the same strictness; only the kernels drop run-time checks.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

/// Settings of a kernel target: unchecked arithmetic also in debug builds, and the C flags that
/// switch on the instruction set whose intrinsics it uses.
func kernel(_ instructionSets: String...) -> [SwiftSetting] {
  strict + [.unsafeFlags(["-Ounchecked"] + instructionSets.flatMap { ["-Xcc", "-m\($0)"] })]
}

func library(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, resources: resources,
    swiftSettings: strict)
}

// MARK: - Targets, in the order one request passes them

var targets: [Target] = [
  // C modules: headers, system libraries, and a signal handler.
  .target(name: "CLinux"),
  .target(name: "CIntrinsics"),
  .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
  .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

  // Time and threads.
  library("Host"),

  // What is counted.
  library("Metrics"),

  // Text.
  library("JSON"),
  library("Tokenizer", ["JSON"]),
  library("ChatTemplate", ["JSON"]),
  library("OutputParsing", ["JSON"]),
  library("Grammar", ["JSON"]),

  // Network.
  library("HTTP", ["CLinux", "COpenSSL", "CZlib", .product(name: "HTTPTypes", package: "swift-http-types")]),

  // Engine.
  library("Tensor"),
  .target(
    name: "Kernels", dependencies: ["Tensor", "CIntrinsics", "CLinux"] + instructionSetTargets, swiftSettings: kernel()),
  library("ModelFiles", ["Tensor", "JSON"]),
  library("Synthesis", ["Tensor", "ModelFiles", "JSON"]),
  library("Models", ["Tensor", "Kernels", "ModelFiles"]),
  library("Sampling", ["Kernels"]),
  library("Scheduler"),
  library("Engine", ["Models", "ModelFiles", "Kernels", "Tensor"]),
  library("DiskCache", ["COpenSSL", "Host"]),

  // Load: what clients ask for, and what they get.
  library("Workload", ["JSON"]),
  library(
    "LoadBench", ["HTTP", "Workload", "JSON", .product(name: "HTTPTypes", package: "swift-http-types")]),
  library("Simulation", ["Scheduler", "Workload", "JSON"]),

  // Service.
  library(
    "Serving",
    [
      "Engine", "DiskCache", "Host", "Kernels", "Scheduler", "Models", "ModelFiles", "Sampling", "Tokenizer",
      "ChatTemplate", "OutputParsing", "Grammar", "JSON", "Metrics", "CLinux",
      .product(name: "Logging", package: "swift-log"),
    ],
    resources: [.copy("Resources/swiftlet")]),
  library(
    "APIServer",
    [
      "HTTP", "Host", "Serving", "OutputParsing", "Sampling", "Tokenizer", "ChatTemplate", "JSON", "Metrics",
      "COpenSSL",
      .product(name: "Logging", package: "swift-log"),
      .product(name: "HTTPTypes", package: "swift-http-types"),
    ]),
  .executableTarget(
    name: "apus",
    dependencies: [
      "APIServer", "HTTP", "Metrics", "Serving", "Engine", "Kernels", "Models", "ModelFiles", "Sampling", "Synthesis",
      "Tokenizer", "ChatTemplate", "CLinux", "Grammar", "JSON", "Workload", "LoadBench", "Scheduler", "Simulation",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
      .product(name: "Configuration", package: "swift-configuration"),
      .product(name: "HTTPTypes", package: "swift-http-types"),
      .product(name: "Logging", package: "swift-log"),
      .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      .product(name: "Yams", package: "Yams"),
    ], swiftSettings: strict),

  // Tests.
  .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
  .target(name: "HTTPTestSupport", path: "Tests/HTTPTestSupport", swiftSettings: strict),
  tests(of: "Metrics"),
  tests(of: "JSON", ["TestSupport"], resources: [.copy("Fixtures")]),
  tests(of: "Tokenizer", ["TestSupport", "JSON"], resources: [.copy("Fixtures")]),
  tests(of: "ChatTemplate", ["TestSupport", "JSON"], resources: [.copy("Fixtures")]),
  tests(of: "OutputParsing", ["TestSupport"]),
  tests(of: "Grammar", ["JSON", "TestSupport"], resources: [.copy("Fixtures")]),
  tests(
    of: "HTTP",
    ["COpenSSL", "CZlib", "HTTPTestSupport", "TestSupport", .product(name: "HTTPTypes", package: "swift-http-types")]),
  tests(of: "Tensor", resources: [.copy("Fixtures")]),
  tests(of: "Kernels", ["Tensor", "TestSupport"]),
  tests(of: "ModelFiles", ["JSON", "Tensor", "TestSupport"], resources: [.copy("Fixtures")]),
  tests(of: "Synthesis", ["ModelFiles", "Models", "Tensor", "Tokenizer"]),
  tests(of: "Models", ["JSON", "Kernels", "ModelFiles", "Tensor", "TestSupport"], resources: [.copy("Fixtures")]),
  tests(of: "Sampling", ["TestSupport"]),
  tests(of: "Scheduler", ["TestSupport"]),
  tests(of: "Workload", ["JSON"]),
  tests(of: "Simulation", ["JSON", "Scheduler", "Workload"]),
  tests(of: "LoadBench", ["HTTP", "JSON", "Workload", .product(name: "HTTPTypes", package: "swift-http-types")]),
  tests(
    of: "Engine", ["JSON", "Kernels", "ModelFiles", "Models", "Synthesis", "Tensor", "TestSupport"],
    resources: [.copy("Fixtures")]),
  tests(of: "DiskCache", ["TestSupport"]),
  .target(name: "CAllocationCount", path: "Tests/CAllocationCount"),
  .executableTarget(
    name: "CountAllocations",
    dependencies: ["CAllocationCount", "Engine", "Kernels", "ModelFiles", "Models", "Sampling"],
    path: "Tests/CountAllocations", swiftSettings: strict),
  .target(
    name: "ServingTestSupport",
    dependencies: [
      "ChatTemplate", "Engine", "JSON", "ModelFiles", "OutputParsing", "Sampling", "Scheduler", "Serving", "Tokenizer",
      .product(name: "Logging", package: "swift-log"),
    ],
    path: "Tests/ServingTestSupport", swiftSettings: strict),
  .executableTarget(
    name: "ScriptedServer",
    dependencies: [
      "APIServer", "HTTP", "Scheduler", "Serving", "ServingTestSupport",
      .product(name: "Logging", package: "swift-log"),
    ],
    path: "Tests/ScriptedServer", swiftSettings: strict),
  tests(
    of: "Serving",
    [
      "ChatTemplate", "DiskCache", "Engine", "Host", "JSON", "Metrics", "ModelFiles", "Models", "OutputParsing",
      "Sampling", "Scheduler", "ServingTestSupport", "Synthesis", "TestSupport", "Tokenizer",
      .product(name: "Logging", package: "swift-log"),
    ]),
  tests(
    of: "APIServer",
    [
      "Engine", "HTTP", "Host", "JSON", "Metrics", "OutputParsing", "Scheduler", "Serving", "ServingTestSupport",
      "TestSupport", "Tokenizer",
      .product(name: "HTTPTypes", package: "swift-http-types"),
      .product(name: "Logging", package: "swift-log"),
    ]),
  .target(
    name: "ServerSimulation",
    dependencies: [
      "APIServer", "ChatTemplate", "DiskCache", "Engine", "HTTP", "HTTPTestSupport", "Host", "JSON", "Metrics",
      "ModelFiles", "Scheduler", "Serving", "TestSupport", "Tokenizer",
      .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
    ],
    path: "Tests/ServerSimulation", swiftSettings: strict),
  .executableTarget(
    name: "SimulateServer",
    dependencies: ["ServerSimulation", .product(name: "ArgumentParser", package: "swift-argument-parser")],
    path: "Tests/SimulateServer", swiftSettings: strict),
  tests(of: "ServerSimulation"),
]

// MARK: - Kernels by instruction set

#if arch(x86_64)
  var instructionSetTargets: [Target.Dependency] { ["KernelsAVX2", "KernelsAVX512"] }
  targets += [
    .target(
      name: "KernelsAVX2", dependencies: ["CIntrinsics", "Tensor"], swiftSettings: kernel("avx2", "fma", "f16c")),
    .target(
      name: "KernelsAVX512", dependencies: ["CIntrinsics", "Tensor"],
      swiftSettings: kernel(
        "avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512vnni", "avx512bf16", "avx2", "fma", "f16c")),
  ]
#else
  var instructionSetTargets: [Target.Dependency] { [] }
#endif

// MARK: - Fuzzing: `APUS_FUZZ=1 swift build --scratch-path .build-fuzz --product Fuzz…`

if let wanted = Context.environment["APUS_FUZZ"] {
  // Memory is checked unless it says `plain`.
  let instrumentation = wanted == "plain" ? "-sanitize=fuzzer" : "-sanitize=fuzzer,address"
  let sanitizers: [SwiftSetting] = [.unsafeFlags([instrumentation, "-enable-testing"])]
  func fuzzer(_ subject: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .executableTarget(
      name: "Fuzz\(subject)", dependencies: ["FuzzSupport"] + dependencies, path: "Tests/Fuzz/\(subject)",
      exclude: ["seeds"] + exclude, swiftSettings: strict,
      linkerSettings: [.unsafeFlags([instrumentation, "-use-ld=lld"])])
  }
  targets += [
    .target(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
    .target(name: "FuzzSupport", dependencies: ["CLibFuzzer"], path: "Tests/Fuzz/Support", swiftSettings: strict),
    fuzzer("APIServer", ["APIServer", "JSON"]),
    fuzzer("DiskCache", ["DiskCache"]),
    fuzzer("Grammar", ["Grammar", "JSON"]),
    fuzzer("JSON", ["JSON"]),
    fuzzer("ModelFiles", ["ModelFiles", "Tensor"]),
    fuzzer("Tokenizer", ["Tokenizer", "JSON"]),
    fuzzer("OutputParsing", ["OutputParsing", "JSON"]),
    fuzzer("Workload", ["Workload"]),
    fuzzer("HTTPClient", ["HTTP"]),
    fuzzer("HTTP", ["HTTP", .product(name: "HTTPTypes", package: "swift-http-types")]),
    fuzzer(
      "Socket",
      [
        "APIServer", "HTTP", "HTTPTestSupport", "JSON", "Scheduler", "Serving", "ServingTestSupport", "TestSupport",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
      ], exclude: ["options"]),
    fuzzer("ChatTemplate", ["ChatTemplate", "JSON"]),
  ]
  // The code under test carries the coverage counters and the address checks.
  for target in targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + sanitizers
  }
  // Comparisons are not traced in the grammar engine, where that takes a third of the time: a dictionary has its words.
  let edges = ["-sanitize-coverage=edge,indirect-calls,inline-8bit-counters,pc-table"]
  for target in targets where target.name == "Grammar" { target.swiftSettings?.append(.unsafeFlags(edges)) }
}

let package = Package(
  name: "apus",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: targets
)
