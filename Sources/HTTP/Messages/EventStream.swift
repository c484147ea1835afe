/// A response of server-sent events (WHATWG HTML, section 9.2), each flushed to the network on its own.
///
/// Valid while the handler that started it runs: when the handler returns, a stream it has not finished
/// is cut off. Several tasks may send; an event is never torn apart.
public final class EventStream: Sendable {
  private let connection: Connection
  private let exchange: Int

  init(_ connection: Connection, exchange: Int) {
    self.connection = connection
    self.exchange = exchange
  }

  /// Sends one event. Line ends within `data` split it into several `data:` lines, which the client joins again.
  ///
  /// Suspends while the client is behind by more than the server's output buffer.
  /// - Parameter event: the event's type, which must not contain line ends; without one it is a "message".
  /// - Throws: ``HTTPError/disconnected`` when the client has gone or has not read for the write time-out.
  public func send(event: StaticString? = nil, data: [UInt8]) async throws(HTTPError) {
    try await connection.stream(ServerSentEvent.frame(event: event, data: data), exchange: exchange)
  }

  /// Sends a comment, which clients ignore: a sign of life while there is nothing to say.
  /// - Throws: as ``send(data:)``.
  public func sendComment(_ text: String) async throws(HTTPError) {
    try await connection.stream(ServerSentEvent.frame(comment: text), exchange: exchange)
  }

  /// Ends the stream properly; nothing can be sent after it.
  /// - Throws: ``HTTPError/disconnected`` when the client has gone.
  public func finish() async throws(HTTPError) {
    try await connection.endStream(exchange: exchange)
  }
}
