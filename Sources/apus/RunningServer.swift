import Foundation
import HTTP
import Logging
import ServiceLifecycle
import Serving

/// The listening server as the lifecycle sees it: it listens, loads, serves until a signal, and then finishes what it has
/// begun.
struct RunningServer: Service {
  let server: HTTPServer
  let grace: Duration
  let logger: Logger
  /// Looks at the models. Takes a while, and is run on a thread of its own.
  let open: @Sendable () throws -> (ModelPool, Router)

  /// Connections have this long to take the last bytes of replies that have ended.
  private static let closingGrace = Duration.seconds(5)

  func run() async throws {
    let address = try await server.start()
    logger.info("listening address=\(address)")
    if let (models, router) = try await loaded() {
      server.replaceRouter(router)
      announce(address, models.models)
      let failure = await cancelWhenGracefulShutdown { await models.failure() }
      logger.info("draining running=\(models.load.running) waiting=\(models.load.waiting)")
      await models.drain(grace: failure == nil ? grace : .zero)
      await server.shutdown(gracePeriod: Self.closingGrace)
      if let failure { throw failure }
    } else {
      await server.shutdown(gracePeriod: Self.closingGrace)
    }
  }

  /// The models, those loaded that are to be from the beginning; nil if a signal ended the waiting for them.
  private func loaded() async throws -> (ModelPool, Router)? {
    let (results, continuation) = AsyncStream.makeStream(of: Result<(ModelPool, Router), any Error>.self)
    let thread = Thread { [open] in
      continuation.yield(Result(catching: open))
      continuation.finish()
    }
    thread.name = "apus.open"
    thread.stackSize = 8 << 20
    thread.start()
    return try await cancelWhenGracefulShutdown { () -> (ModelPool, Router)? in
      guard let (models, router) = try await results.first(where: { _ in true })?.get() else { return nil }
      do throws(ModelRefusal) {
        try await models.loadAtStart()
      } catch {
        switch error {
        case .cancelled: return nil
        case .failed(_, _, let reason, _): throw LoadError(description: reason)
        default: throw error
        }
      }
      return (models, router)
    }
  }

  /// The only lines on standard output: where the server is, and something to paste.
  private func announce(_ address: SocketAddress, _ models: [PooledModel]) {
    let url = "\(server.currentTLS == nil ? "http" : "https")://\(address)"
    let name = models[0].names[0]
    let list = models.map { "\($0.names[0]) (\($0.outline.modes.names.joined(separator: ", ")))" }
    let text = """
      Apus is ready at \(url) with \(list.joined(separator: ", ")). Try:

      curl \(url)/v1/chat/completions -H 'Content-Type: application/json' \\
        -d '{"model":"\(name)","messages":[{"role":"user","content":"What is Apus?"}]}'


      """
    LineOutput.standardOutput.write(text) { _ in "" }
  }
}

/// Why a model that is to be there from the beginning is not.
private struct LoadError: Error, CustomStringConvertible {
  let description: String
}
