import Logging
import ServiceLifecycle
import UnixSignals

/// Reads again what can change while the server runs, whenever SIGHUP says so. What cannot be used is logged, and what
/// was there before goes on.
struct Reloader: Service {
  /// What can be read again, by its name in the log.
  let parts: [Part]
  let logger: Logger

  typealias Part = (name: String, reload: @Sendable () throws -> Void)

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sighup)
    await cancelWhenGracefulShutdown {
      for await _ in signals {
        for (name, reload) in parts {
          do {
            try reload()
            logger.info("reloaded \(name)")
          } catch {
            logger.error("not reloaded \(name): \(error)")
          }
        }
      }
    }
  }
}
