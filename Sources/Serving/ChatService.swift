public import Engine
import Foundation
public import Logging
import OutputParsing
import Sampling
public import Scheduler
import Tokenizer

/// Answers chat requests with one model: renders and tokenises them, lets the step loop generate, and hands the
/// replies out as text events.
public final class ChatService: Sendable {
  /// How the model's conversations look.
  public let format: ChatFormat
  /// Tokens of one conversation, prompt and reply together.
  public let contextLength: Int

  private let mailbox = Mailbox<StepLoopMessage>()
  private let statisticsBoard = StatisticsBoard()
  private let admission: Admission
  private let loopEnded = Completion()
  /// Rendering and tokenising take long for long prompts; neither event loops nor the step loop do it.
  private let promptQueue = DispatchQueue(label: "apus.prompts", attributes: .concurrent)

  /// Starts the step loop on a thread of its own.
  ///
  /// - Parameters:
  ///   - format: the model's text side.
  ///   - engine: the model's numbers; used by the step loop's thread alone from now on.
  ///   - contextLength: tokens of one conversation; what the scheduler's pages hold is a bound, too.
  ///   - scheduler: pages, slots and bounds; pages and slots are those the engine has.
  ///   - logger: hears about cancellations, preemptions and failures.
  public init(
    format: ChatFormat, engine: sending any ForwardEngine, contextLength: Int, scheduler: SchedulerConfiguration,
    logger: Logger
  ) throws(ServingError) {
    self.format = format
    admission = Admission(limit: min(scheduler.maximumRunning, scheduler.slotCount) + scheduler.maximumQueued)
    let policy: Scheduler
    do {
      // Admission has counted already; the scheduler's own limit would count what is about to be admitted, too.
      var configuration = scheduler
      configuration.maximumQueued += min(scheduler.maximumRunning, scheduler.slotCount)
      policy = try Scheduler(configuration)
    } catch {
      throw .scheduler(error)
    }
    self.contextLength = min(contextLength, policy.tokenCapacity)
    let loop = StepLoop(
      engine: engine, scheduler: policy, mailbox: mailbox, admission: admission, statistics: statisticsBoard,
      logger: logger)
    let handedOver = HandedOver(loop)
    let thread = Thread { [loopEnded] in
      handedOver.value.run()
      loopEnded.reach()
    }
    thread.name = "apus.steps"
    thread.qualityOfService = .userInitiated
    thread.start()
  }

  deinit {
    admission.close()
    mailbox.post(.abort)
  }

  /// What the step loop has done, and holds.
  public var statistics: ServiceStatistics { statisticsBoard.current }

  /// Whether new requests are refused.
  public var isDraining: Bool { admission.isClosed }

  /// Takes a request in.
  ///
  /// - Throws: every `GenerationError` that is known before the first step: a template that refuses, a prompt that is
  ///   too long, a full queue, a server that stops.
  public func generate(_ request: ChatRequest) async throws(GenerationError) -> Generation {
    let id = try admission.enter()
    do {
      return try await submit(request, as: id)
    } catch {
      admission.leave()
      // The loop may be waiting for this one to be the last.
      if admission.isClosed { mailbox.post(.drain) }
      throw error
    }
  }

  private func submit(_ request: ChatRequest, as id: RequestID) async throws(GenerationError) -> Generation {
    let prompt = try await prompt(for: request)
    let promptTokens = prompt.tokens.count
    let room = contextLength - promptTokens
    guard room >= 1 else { throw .promptTooLong(promptTokens: promptTokens, contextLength: contextLength) }
    guard promptTokens >= 1 else { throw .invalidParameter(name: "messages", message: "The prompt is empty.") }
    let maximumTokens = min(request.maximumTokens ?? room, room)
    let seed = request.seed ?? UInt64.random(in: .min ... .max)
    let reader = ReplyReader(
      detokenizer: format.tokenizer.makeDetokenizer(skippingSpecialTokens: true),
      parser: OutputParser(format: format.outputFormat(for: request, startsInReasoning: prompt.startsInReasoning)),
      endTokens: format.endTokens, promptTokens: promptTokens, maximumTokens: maximumTokens,
      allowsParallelToolCalls: request.allowsParallelToolCalls)
    let (events, continuation) = AsyncStream.makeStream(of: GenerationEvent.self)
    let submission = Submission(
      id: id, name: request.name, prompt: prompt.tokens, maximumTokens: maximumTokens,
      sampling: try format.sampling.parameters(request.sampling, seed: seed), reader: reader, events: continuation)
    mailbox.post(.submit(submission))
    continuation.onTermination = { [mailbox, statisticsBoard] reason in
      if case .cancelled = reason { mailbox.post(.cancel(id, step: statisticsBoard.current.steps)) }
    }
    return Generation(id: id, promptTokens: promptTokens, events: events)
  }

  private func prompt(for request: ChatRequest) async throws(GenerationError) -> ChatFormat.Prompt {
    let result: Result<ChatFormat.Prompt, GenerationError> = await withCheckedContinuation { continuation in
      promptQueue.async { [format] in
        continuation.resume(
          returning: Result { () throws(GenerationError) in try format.prompt(for: request, now: Date()) })
      }
    }
    return try result.get()
  }

  /// Refuses new requests, lets the others finish for as long as `grace`, ends those that are left, and returns when
  /// the step loop has stopped.
  public func drain(grace: Duration) async {
    admission.close()
    mailbox.post(.drain)
    let deadline = Task { [mailbox] in
      try await Task.sleep(for: grace)
      mailbox.post(.abort)
    }
    await loopEnded.wait()
    deadline.cancel()
  }
}

/// Carries a value to the one thread that uses it from then on.
private struct HandedOver<Value>: @unchecked Sendable {
  let value: Value

  init(_ value: sending Value) { self.value = value }
}
