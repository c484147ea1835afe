public import Engine
import Logging
public import Scheduler
public import Serving

/// A chat service with a scripted model, and what its engine was asked to do.
public struct ServiceFixture: Sendable {
  /// The service.
  public let service: ChatService
  /// The engine's steps.
  public let log: StepLog
  /// The model.
  public let chat: ScriptedChat

  /// - Parameters:
  ///   - scheduler: resources and bounds; by default plenty.
  ///   - caching: what is kept of requests.
  ///   - drafting: whether tokens are guessed.
  ///   - beforeStep: called on the step loop's thread with each step's number: may wait, or throw.
  ///   - reply: what the model says.
  public init(
    contextLength: Int = 4096, scheduler: SchedulerConfiguration = ServiceFixture.plenty,
    caching: CacheConfiguration = CacheConfiguration(), drafting: DraftingConfiguration = .off,
    settings: ConversationSettings = ConversationSettings(),
    beforeStep: @escaping @Sendable (_ number: Int) throws(EngineError) -> Void = { _ in },
    reply: @escaping ScriptedChat.Reply
  ) throws {
    chat = try ScriptedChat(settings: settings, reply: reply)
    log = StepLog()
    service = try ChatService(
      format: chat.format, engine: ObservedEngine(chat.engine(), log: log, beforeStep: beforeStep),
      contextLength: contextLength, scheduler: scheduler, caching: caching, drafting: drafting,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  /// Memory for everything.
  public static let plenty = SchedulerConfiguration(
    pageCount: 512, slotCount: 8, stepTokenBudget: 512, maximumRunning: 8, maximumQueued: 100)
}
