import ServingTestSupport
import Serving
import Dispatch
import Engine
import JSON
import Testing
import TestSupport

/// What happens while a stream is under way. A gate holds the engine, so that the tests decide when a step happens.
@Suite struct LiveStreamTests {
  private static let endless = String(repeating: "on and on ", count: 1000)

  @Test func aSilentStreamSaysThatItLives() async throws {
    let gate = DispatchSemaphore(value: 0)
    let fixture = try await APIFixture(heartbeat: .milliseconds(5), beforeStep: { _ in gate.wait() })
    let client = try await fixture.openChat(.asking("?", ["stream": true]))
    _ = try await client.receive(until: ": waiting\n\n")
    _ = try await client.receive(until: ": waiting\n\n")
    for _ in 0..<1000 { gate.signal() }
    _ = try await client.receive(until: "data: [DONE]\n\n")
    client.close()
    await fixture.stop()
  }

  @Test func aFailureAfterTheHeadIsToldInTheStream() async throws {
    let fixture = try await APIFixture(
      beforeStep: { number throws(EngineError) in
        if number == 3 { throw .threadCreationFailed(code: 1) }
      })
    let response = try await fixture.chat(.asking("?", ["stream": true]))
    #expect(response.status == 200)
    let error = try #require(try response.events.last?["error"])
    #expect(error.objectValue?.keys == ["message", "type", "param", "code"])
    #expect(error["type"] == "server_error")
    await fixture.stop()
  }

  @Test func aFailureBeforeTheHeadIsAStatus() async throws {
    let fixture = try await APIFixture(
      beforeStep: { _ throws(EngineError) in throw .threadCreationFailed(code: 1) })
    let response = try await fixture.chat(.asking())
    #expect(response.status == 500)
    #expect(try response.json["error"]?["code"] == "internal_error")
    await fixture.stop()
  }

  @Test func aModelWhoseFileWasChangedIsToldInAStatusAndInAStream() async throws {
    for streams in [false, true] {
      let fixture = try await APIFixture(
        beforeStep: { number throws(EngineError) in
          if number == 3 { throw .weightsChanged(path: "/models/big.gguf") }
        })
      let response = try await fixture.chat(.asking("?", ["stream": .bool(streams)]))
      #expect(response.status == (streams ? 200 : 500))
      let error = try #require(streams ? try response.events.last?["error"] : try response.json["error"])
      #expect(error["code"] == "model_file_changed" && error["type"] == "server_error")
      #expect(error["message"] == "The model's file 'big.gguf' was changed while the model ran.")
      await fixture.stop()
    }
  }

  @Test(arguments: [true, false]) func aClientThatGoesEndsItsGeneration(_ streams: Bool) async throws {
    let gate = DispatchSemaphore(value: 0)
    let fixture = try await APIFixture(beforeStep: { _ in gate.wait() }, reply: { _, _ in Self.endless })
    let client = try await fixture.openChat(.asking("?", ["stream": .bool(streams)]))
    for _ in 0..<5 { gate.signal() }
    if streams { _ = try await client.receive(until: "\n\n") }
    while fixture.service.service.statistics.steps < 6 { try await Task.sleep(for: .milliseconds(1)) }
    client.close()
    // The log says that the client is gone; only then may the step in flight end.
    let access = try await fixture.logLines.first(containing: "chat request_id=")
    #expect(access.contains("finish_reason=cancelled"))
    gate.signal()
    let line = try await fixture.logLines.first(containing: "chat request_id=")
    #expect(line == access)
    while fixture.service.service.statistics.cancelled == 0 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(fixture.service.log.steps.count == 6)
    await fixture.stop()
  }
}
