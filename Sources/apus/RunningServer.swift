import Foundation
import HTTP
import Logging
import ServiceLifecycle
import Serving

/// The listening server as the lifecycle sees it: it listens, loads, serves until a signal, and then finishes what it has
/// begun.
struct RunningServer: Service {
  let server: HTTPServer
  let modelName: String
  let grace: Duration
  let logger: Logger
  /// Takes long, and is run on a thread of its own.
  let load: @Sendable () throws -> (Checkpoints, Router)

  /// Connections have this long to take the last bytes of replies that have ended.
  private static let closingGrace = Duration.seconds(5)

  func run() async throws {
    let address = try await server.start()
    logger.info("listening address=\(address)")
    if let (checkpoints, router) = try await loaded() {
      server.replaceRouter(router)
      announce(address, modes: checkpoints.modes.names)
      let failure = await cancelWhenGracefulShutdown { await checkpoints.failure() }
      logger.info("draining running=\(checkpoints.load.running) waiting=\(checkpoints.load.waiting)")
      await checkpoints.drain(grace: failure == nil ? grace : .zero)
      await server.shutdown(gracePeriod: Self.closingGrace)
      if let failure { throw failure }
    } else {
      await server.shutdown(gracePeriod: Self.closingGrace)
    }
  }

  /// What `load` makes; nil if a signal ended the waiting for it.
  private func loaded() async throws -> (Checkpoints, Router)? {
    let (results, continuation) = AsyncStream.makeStream(of: Result<(Checkpoints, Router), any Error>.self)
    let thread = Thread { [load] in
      continuation.yield(Result(catching: load))
      continuation.finish()
    }
    thread.name = "apus.load"
    thread.stackSize = 8 << 20
    thread.start()
    return try await cancelWhenGracefulShutdown { await results.first { _ in true } }?.get()
  }

  /// The only lines on standard output: where the server is, and something to paste.
  private func announce(_ address: SocketAddress, modes: [String]) {
    let url = "\(server.currentTLS == nil ? "http" : "https")://\(address)"
    let text = """
      Apus is ready at \(url) with \(modelName) (\(modes.joined(separator: ", "))). Try:

      curl \(url)/v1/chat/completions -H 'Content-Type: application/json' \\
        -d '{"model":"\(modelName)","messages":[{"role":"user","content":"What is Apus?"}]}'


      """
    LineOutput.standardOutput.write(text) { _ in "" }
  }
}
