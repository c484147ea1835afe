import DiskCache
import Engine
import Foundation
import Logging
import Models
import Sampling
import Scheduler
import ServingTestSupport
import Testing
import Tokenizer

@testable import Serving

/// A request and seed give the same tokens and the same log-probabilities, bit for bit, whatever else happens.
@Suite struct DeterminismTests {
  /// How a request meets the engine.
  enum Way: String, CaseIterable {
    case solo, batchOf8, chunksOf1, chunksOf64, cached, disk, preempted

    /// Requests that are tried: as few as the way allows, to be quick.
    var requestCount: Int {
      switch self {
      case .chunksOf1: 1
      case .chunksOf64, .cached, .disk: 2
      case .solo, .batchOf8, .preempted: 8
      }
    }
  }

  /// Tokens and log-probabilities of a reply.
  private struct Outcome: Equatable {
    let tokens: [Int32]
    let bits: [UInt64]

    init(_ reply: CollectedReply) {
      tokens = reply.scores.map { $0.token.id }
      bits = reply.scores.flatMap { [$0.token] + $0.alternatives }.map(\.logProbability.bitPattern)
    }
  }

  /// The embedded model, and one of the engine's fixtures: other layers, another number of heads.
  private static let models = ["", "Tests/EngineTests/Fixtures/bf16-tied"]

  private static func loaded(_ path: String) throws -> LoadedModel {
    guard !path.isEmpty else { return try LoadedModel.embedded() }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return try LoadedModel(path: root.appendingPathComponent(path).path)
  }

  private func service(
    _ model: LoadedModel, stepTokens: Int = 512, pages: Int = 256, running: Int = 8, disk: DiskCache? = nil,
    threads: Int = 1
  ) throws -> ChatService {
    let engine = try Engine(
      model: model.model,
      configuration: EngineConfiguration(pageCount: pages, slotCount: 24, maximumStepTokens: 512, threads: threads))
    return try ChatService(
      format: model.format, engine: engine, contextLength: 512,
      scheduler: SchedulerConfiguration(
        pageCount: pages, slotCount: 24, stepTokenBudget: stepTokens, maximumRunning: running,
        admissionHeadroomPages: 0, checkpointLimit: 16),
      disk: disk, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  /// A prompt of 187 tokens that are all the model's own.
  private func request(_ model: LoadedModel, number: Int, temperature: Double) -> CompletionRequest {
    let size = Int32(min(model.format.tokenizer.vocabularySize, 250))
    let tokens = (0..<187).map { (Int32($0) * 7 + Int32($0 * $0 % 11) + Int32(number) * 13) % (size - 10) + 5 }
    var request = CompletionRequest(name: "\(number)", prompt: .tokens(tokens))
    request.options.maximumTokens = 12
    request.options.scoredAlternatives = 2
    request.options.seed = UInt64(number)
    request.options.sampling.temperature = temperature
    return request
  }

  private func outcome(_ service: ChatService, _ request: CompletionRequest) async throws -> (Outcome, cached: Int) {
    let reply = await CollectedReply(try await service.generate(request))
    #expect(reply.error == nil)
    return (Outcome(reply), reply.usage?.cachedTokens ?? -1)
  }

  private func outcomes(
    _ way: Way, _ model: LoadedModel, _ requests: [CompletionRequest]
  ) async throws -> [Outcome] {
    switch way {
    case .solo: return try await oneAfterAnother(service(model), requests) { $0 == 0 }
    case .chunksOf1: return try await oneAfterAnother(service(model, stepTokens: 1, running: 1), requests) { $0 == 0 }
    case .chunksOf64: return try await oneAfterAnother(service(model, stepTokens: 64, threads: 2), requests) { $0 == 0 }
    case .batchOf8: return try await together(service(model, stepTokens: 100), requests)
    case .cached:
      let service = try service(model)
      _ = try await oneAfterAnother(service, requests) { $0 == 0 }
      return try await oneAfterAnother(service, requests) { $0 > 64 }
    case .disk:
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      func open() throws -> DiskCache {
        try DiskCache(path: folder.path, fingerprint: Digest((1, 2, 3, 4)), limit: 1 << 30) { Issue.record("\($0)") }
      }
      let first = try service(model, disk: open())
      _ = try await oneAfterAnother(first, requests) { $0 == 0 }
      await first.drain(grace: .seconds(60))
      return try await oneAfterAnother(service(model, disk: open()), requests) { $0 > 64 }
    case .preempted:
      // Three run in ten pages, until two have grown beyond their third page.
      let service = try service(model, stepTokens: 64, pages: 10)
      let outcomes = try await together(service, requests)
      #expect(service.statistics.preemptions > 0)
      return outcomes
    }
  }

  private func oneAfterAnother(
    _ service: ChatService, _ requests: [CompletionRequest], cached: (Int) -> Bool
  ) async throws -> [Outcome] {
    var outcomes: [Outcome] = []
    for request in requests {
      let (outcome, count) = try await outcome(service, request)
      #expect(cached(count), "\(count) tokens were cached")
      outcomes.append(outcome)
    }
    return outcomes
  }

  private func together(_ service: ChatService, _ requests: [CompletionRequest]) async throws -> [Outcome] {
    var generations: [Generation] = []
    for request in requests { generations.append(try await service.generate(request)) }
    var outcomes: [Outcome] = []
    for generation in generations {
      let reply = await CollectedReply(generation)
      #expect(reply.error == nil)
      outcomes.append(Outcome(reply))
    }
    return outcomes
  }

  @Test(arguments: models, [0, 0.9]) func everyWayGivesTheSameBits(path: String, temperature: Double) async throws {
    let model = try Self.loaded(path)
    let requests = (0..<8).map { request(model, number: $0, temperature: temperature) }
    let expected = try await outcomes(.solo, model, requests)
    #expect(expected.allSatisfy { $0.tokens.count >= 1 && $0.bits.count == 3 * $0.tokens.count })
    #expect(Set(expected.map(\.tokens)).count > 1)
    for way in Way.allCases where way != .solo {
      let some = Array(requests.prefix(way.requestCount))
      #expect(try await outcomes(way, model, some) == Array(expected.prefix(way.requestCount)), "\(way)")
    }
  }
}
