import Engine
import Foundation
import JSON
import Kernels
import Logging
import ModelFiles
import Models
import OutputParsing
import Scheduler
import ServingTestSupport
import Synthesis
import Testing
import Tokenizer

@testable import Serving

/// Guessed tokens change no reply.
@Suite struct DraftingTests {
  /// A random model with a multi-token-prediction head, and swiftlet's tokens.
  private final class RandomModel {
    let model: LanguageModel
    let format: ChatFormat
    private let path = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString)").path

    init() throws {
      format = try ScriptedChat { _, _ in "" }.format
      var shape = ModelShape(.qwen3Next)
      (shape.layerCount, shape.hiddenSize, shape.intermediateSize, shape.fullAttentionInterval) = (2, 32, 32, 2)
      shape.vocabularySize = try ModelPackage(path: EmbeddedModel.folder()).configuration.vocabularySize
      (shape.headCount, shape.keyValueHeadCount, shape.headSize) = (2, 1, 16)
      (shape.expertCount, shape.expertsPerToken, shape.expertSize, shape.sharedExpertSize) = (4, 2, 16, 16)
      (shape.linearKeyHeadCount, shape.linearValueHeadCount, shape.linearHeadSize) = (1, 2, 16)
      shape.hasDraftHead = true
      try ModelSynthesizer(shape: shape, mix: .f32, seed: 5).writeFolder(to: path)
      model = try loadModel(ModelPackage(path: path), drafting: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A service with too few pages for all that run.
    func service(_ drafting: DraftingConfiguration) throws -> ChatService {
      let engine = try Engine(
        model: model,
        configuration: EngineConfiguration(
          pageCount: 9, slotCount: 14, maximumStepTokens: 256, threads: 1,
          cacheTypes: CacheTypes(retractableRows: drafting.most)))
      return try ChatService(
        format: format, engine: engine, contextLength: 512,
        scheduler: SchedulerConfiguration(
          pageCount: 9, slotCount: 14, stepTokenBudget: 256, maximumRunning: 8, maximumQueued: 2000,
          admissionHeadroomPages: 0),
        drafting: drafting, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Few tokens that are likely by far, so that guesses are often right, and letters, so that stop strings come.
    private var bias: [Int32: Double] {
      var bias: [Int32: Double] = [:]
      for letter in ["a", "b", "c", "\n"] { bias[format.tokenizer.encode(letter)[0]] = 40 }
      return bias
    }

    func request(_ number: Int) -> ChatRequest {
      let kind = number % 10
      var text = "Question \(number % 60) of many." + String(repeating: " Hello!", count: number % 17)
      if kind == 4 { text = String(repeating: "Hello again! ", count: 14 + number % 3) + text }
      var request = ChatRequest.asking(text, mode: kind == 3 ? .thinking : .instruct)
      request.options.maximumTokens = 8 + number % 9
      request.options.seed = UInt64(number)
      request.options.sampling.temperature = number % 3 == 0 ? 0 : 1
      request.options.sampling.topP = number % 2 == 0 ? 0.9 : 1
      request.options.sampling.bias = bias
      switch kind {
      case 1: request.options.sampling.frequencyPenalty = 0.5
      case 2:
        let contents: [OutputConstraint.Content] = [
          .regularExpression("[a-f]{3}(-[0-9]{2}){1,4}"), .choice(["one of these", "one of those"]), .jsonObject,
        ]
        request.options.constraint = OutputConstraint(contents[number / 10 % 3], field: "response_format")
      case 3: request.thinkingBudget = 2 + number % 7
      case 5: request.options.choices = 3
      case 6: request.options.stop = ["ab", "ca"]
      case 7: request.options.scoredAlternatives = 2
      case 8: request.options.sampling.repetitionPenalty = 1.2
      case 9: request.options.prediction = "abcabcabc\n\nabab"
      default: break
      }
      return request
    }

    /// Everything that clients see of the replies, all asked for at once.
    func replies(_ count: Int, _ service: ChatService) async throws -> [String] {
      var generations: [Generation] = []
      for number in 0..<count { generations.append(try await service.generate(request(number))) }
      var replies: [String] = []
      for generation in generations {
        replies.append(
          await CollectedReply.all(generation).map { reply in
            """
            \(reply.reasoning)|\(reply.content)|\(String(describing: reply.finish))|\(String(describing: reply.error))|\
            \(reply.usage?.completionTokens ?? 0)|\(reply.usage?.reasoningTokens ?? 0)|\(reply.scores)|\
            \(reply.end?.stopSequence ?? "")
            """
          }.joined(separator: "\n"))
      }
      return replies
    }
  }

  @Test func fiveHundredMixedRepliesAreTheSame() async throws {
    let model = try RandomModel()
    let count = 500
    let expected = try await model.replies(count, try model.service(.off))
    #expect(expected.allSatisfy { !$0.contains("Error") })
    #expect(expected.contains { $0.hasSuffix("ab") } && expected.contains { $0.contains("one of th") })
    let ways =
      (1...4).map { DraftingConfiguration(source: .mtp, maximum: $0, adapts: false) } + [
        DraftingConfiguration(source: .lookup, maximum: 4, adapts: false), DraftingConfiguration(source: .off),
      ]
    for way in ways {
      let service = try model.service(way)
      let replies = try await model.replies(count, service)
      for (number, (reply, expected)) in zip(replies, expected).enumerated() {
        #expect(reply == expected, "request \(number), \(way)")
      }
      let statistics = service.statistics
      #expect(statistics.preemptions > 3 && statistics.reusedTokens > 1000, "\(statistics)")
      // Without anybody to guess there are still tokens that grammars and thinking budgets leave no choice about.
      let isOff = way.source == .off
      #expect(statistics.acceptedTokens > (isOff ? 50 : 500), "\(way): \(statistics)")
      #expect(statistics.draftedTokens - statistics.acceptedTokens > (isOff ? 0 : 200), "\(way): \(statistics)")
    }
  }

  @Test func aLengthThatAdaptsChangesNothingEither() async throws {
    let model = try RandomModel()
    let expected = try await model.replies(60, try model.service(.off))
    for source in [DraftSource.mtp, .lookup] {
      let service = try model.service(DraftingConfiguration(source: source, maximum: 3))
      #expect(try await model.replies(60, service) == expected)
    }
  }

  /// A reply that was predicted takes a fifth of the steps, and usage tells how much of it was right.
  @Test(arguments: [true, false]) func aPredictionIsFollowed(isRight: Bool) async throws {
    let text = "The swift sleeps on the wing, eats on the wing, and comes down to nest."
    let drafting = DraftingConfiguration(source: .lookup, maximum: 4, adapts: false)
    let fixture = try ServiceFixture(drafting: drafting) { _, _ in text }
    var request = ChatRequest.asking("What does it do?")
    request.options.prediction = isRight ? text : "Nothing of the kind will ever be said here."
    let reply = await CollectedReply(try await fixture.service.generate(request))
    let usage = try #require(reply.usage)
    #expect(reply.content == text && reply.finish == .stop)
    if isRight {
      #expect(fixture.log.steps.count <= 2 + usage.completionTokens / 5)
      #expect(usage.acceptedPredictionTokens + fixture.log.steps.count >= usage.completionTokens)
    } else {
      #expect(usage.rejectedPredictionTokens > 0)
    }
    #expect(fixture.service.statistics.acceptedTokens == usage.acceptedPredictionTokens)

    request.options.draftTokens = 0
    let plain = await CollectedReply(try await fixture.service.generate(request))
    #expect(plain.content == text && plain.usage?.acceptedPredictionTokens == 0)
    #expect(plain.usage?.rejectedPredictionTokens == 0)
  }

  /// Where a grammar leaves one text to go on with, several of its tokens take one step, though nobody guesses.
  @Test(arguments: [DraftSource.off, .lookup]) func forcedTextTakesFewerSteps(source: DraftSource) async throws {
    let text = #"{"temperature in degrees Celsius": 21, "relative humidity in per cent": 40}"#
    let schema: JSON = [
      "type": "object", "additionalProperties": false,
      "properties": [
        "temperature in degrees Celsius": ["type": "integer"], "relative humidity in per cent": ["type": "integer"],
      ],
      "required": ["temperature in degrees Celsius", "relative humidity in per cent"],
    ]
    var request = ChatRequest.asking("How is the weather?")
    request.options.constraint = OutputConstraint(.jsonSchema(schema), field: "response_format")
    let plain = try ServiceFixture { _, _ in text }
    let fixture = try ServiceFixture(drafting: DraftingConfiguration(source: source)) { _, _ in text }
    let expected = await CollectedReply(try await plain.service.generate(request))
    let reply = await CollectedReply(try await fixture.service.generate(request))
    #expect(reply.content == text && reply.content == expected.content && reply.finish == .stop)
    let usage = try #require(reply.usage)
    #expect(usage.completionTokens == expected.usage?.completionTokens)
    #expect(expected.usage?.acceptedPredictionTokens == 0)
    #expect(usage.acceptedPredictionTokens >= 6)
    #expect(fixture.log.steps.count <= plain.log.steps.count - usage.acceptedPredictionTokens)
    #expect(fixture.service.statistics.acceptedTokens == usage.acceptedPredictionTokens)

    request.options.draftTokens = 0
    let unguessed = await CollectedReply(try await fixture.service.generate(request))
    #expect(unguessed.content == text && unguessed.usage?.acceptedPredictionTokens == 0)
  }
}
