import Engine
import HTTP
import Scheduler
import Serving

/// What a seed makes of the server's settings, and what it lets go wrong.
struct Scenario {
  /// How often what goes wrong, in a million cases.
  struct Faults {
    /// A descriptor cannot be watched.
    var epoll = 0
    /// The descriptors run out for a while.
    var exhaustion = 0
    /// A step of the engine fails.
    var engine = 0
    /// A step of the engine takes seconds.
    var stall = 0
    /// A file cannot be read, written or renamed.
    var disk = 0
    /// A file is damaged without notice.
    var damage = 0
    /// Clients leave, stall or send what they should not.
    var clients = 0
    /// The whole machine stands still for a while, or its time of day is set: once in so many client arrivals.
    var jumps = 0
  }

  var faults = Faults()
  var scheduler: SchedulerConfiguration
  var contextLength: Int
  var drafting = DraftingConfiguration.off
  var limits = HTTPLimits()
  var loops: Int
  /// Bytes of files; nil for none.
  var diskLimit: Int?
  /// How often the server is started, each time with the files that the one before left.
  var lives = 1
  var heartbeat: Duration
  /// Nanoseconds of a step, and of each of its tokens.
  var stepCost: (step: Int, token: Int)
  /// Bytes that the kernel holds for a client.
  var socketCapacity: Int
  var clientCount: Int
  /// Nanoseconds between two arrivals, about.
  var arrivalGap: Int
  var tenants: Int
  /// Of how many prompts all begin like others.
  var families: Int
  /// After how many arrivals the server is told to stop; all of them if it is later.
  var stopAfter: Int
  /// Seconds that running replies have then.
  var grace: Int

  /// Pages of a pool are of so many tokens.
  private static let pageSizes = [4, 8, 16, 64]

  init(_ world: World) {
    let pageSize = Self.pageSizes[world.int(0...3)]
    let slots = world.int(1...12)
    let running = world.int(1...10)
    let states = world.happens(700_000)
    scheduler = SchedulerConfiguration(
      pageSize: pageSize, pageCount: world.magnitude(max(8, 128 / pageSize)...4096 / pageSize), slotCount: slots,
      stepTokenBudget: max(running, world.magnitude(4...256)), maximumRunning: running,
      maximumQueued: world.magnitude(1...64), admissionHeadroomPages: world.int(0...2), needsCheckpoints: states,
      checkpointLimit: world.int(0...16), checkpointSpacing: world.magnitude(8...256),
      checkpointMinimumSpacing: world.magnitude(1...32), spacedCheckpointsPerPrompt: world.int(0...4))
    if world.happens(200_000) { scheduler.maximumPerTenant = world.int(1...8) }
    if world.happens(200_000) { scheduler.maximumQueueSeconds = Double(world.magnitude(1...20_000)) / 1000 }
    if world.happens(200_000) { scheduler.maximumGapSeconds = Double(world.magnitude(1...200)) / 1000 }
    scheduler.priorityAgingSeconds = Double(world.magnitude(1...30))
    scheduler.maximumPrefilling = world.int(1...8)
    scheduler.minimumPrefillTokens = world.magnitude(1...16)
    if world.happens(300_000) {
      scheduler.rewindLimit = world.int(0...4)
      scheduler.rewindBoundary = world.magnitude(1...16)
    }
    contextLength = min(world.magnitude(64...384), scheduler.pageCount * pageSize / 2)
    if world.happens(300_000) {
      drafting = DraftingConfiguration(source: .lookup, maximum: min(pageSize, world.int(1...4)), adapts: false)
    }
    loops = world.int(1...2)
    if world.happens(400_000) {
      diskLimit = world.magnitude(20_000...2_000_000)
      lives = world.int(1...3)
    }
    heartbeat = .milliseconds(world.magnitude(20...10_000))
    stepCost = (step: world.magnitude(20_000...4_000_000), token: world.magnitude(100...40_000))
    socketCapacity = world.magnitude(64...65_536)
    clientCount = world.magnitude(8...80) / lives + 1
    arrivalGap = world.magnitude(100_000...200_000_000)
    tenants = world.int(1...4)
    families = world.int(1...4)
    stopAfter = world.happens(300_000) ? world.int(1...clientCount) : clientCount
    grace = world.happens(500_000) ? 3600 : world.magnitude(1...20)
    setLimits(world)
    setFaults(world)
  }

  private mutating func setLimits(_ world: World) {
    limits.headerBytes = world.magnitude(2048...32_768)
    limits.requestLineBytes = 1024
    limits.headerFieldCount = world.int(16...100)
    limits.bodyBytes = 64 * 1024
    limits.bodyBufferBytes = world.magnitude(16...65_536)
    limits.pipelineBytes = world.magnitude(16...65_536)
    limits.outputBufferBytes = world.magnitude(1...65_536)
    limits.connections = world.magnitude(2...64)
    if world.happens(200_000) { limits.connectionsPerAddress = world.int(1...4) }
    limits.idleTimeout = .seconds(world.int(10...75))
    limits.headerTimeout = .seconds(world.int(10...30))
    limits.bodyTimeout = .seconds(world.int(30...60))
    limits.writeTimeout = .seconds(world.int(20...40))
  }

  private mutating func setFaults(_ world: World) {
    if world.happens(200_000) { faults.epoll = 10_000 }
    if world.happens(200_000) { faults.exhaustion = 20_000 }
    if world.happens(150_000) { faults.engine = world.magnitude(100...20_000) }
    if world.happens(50_000) { faults.stall = 500 }
    if world.happens(500_000) { faults.disk = world.magnitude(100...200_000) }
    if world.happens(500_000) { faults.damage = world.magnitude(100...200_000) }
    if world.happens(800_000) { faults.clients = world.magnitude(10_000...500_000) }
    if world.happens(150_000) { faults.jumps = 50_000 }
  }
}
