/// What one client may take of the server, in bytes, counts and time.
public struct HTTPLimits: Sendable, Hashable {
  /// Longest request line, without its line end. Beyond it: 414.
  public var requestLineBytes = 8 * 1024
  /// Most header fields of a request. Beyond it: 431.
  public var headerFieldCount = 100
  /// Most bytes of a request's header section, line ends included. Beyond it: 431.
  public var headerBytes = 32 * 1024
  /// Most bytes of a request body. Beyond it: 413, before reading where `Content-Length` tells.
  public var bodyBytes = 32 * 1024 * 1024
  /// Bytes of a body that are held for a handler before reading from the network stops.
  public var bodyBufferBytes = 256 * 1024
  /// Bytes of pipelined requests that are held while an earlier one is answered.
  public var pipelineBytes = 64 * 1024
  /// Bytes that wait to be sent before the handler that writes them is suspended.
  public var outputBufferBytes = 256 * 1024
  /// Open connections. Beyond it: 503.
  public var connections = 1024
  /// Open connections of one client address; 0 is no limit. Beyond it: 429.
  public var connectionsPerAddress = 0
  /// How long a connection without a request is kept. Then it is closed without a word.
  public var idleTimeout: Duration = .seconds(75)
  /// How long a request line and header section may take from the first byte on. Then: 408.
  public var headerTimeout: Duration = .seconds(10)
  /// How long a body may take, not counting time in which the server itself did not read. Then: 408.
  public var bodyTimeout: Duration = .seconds(60)
  /// How long a client may read nothing of what waits for it. Then the connection is dropped.
  public var writeTimeout: Duration = .seconds(30)

  /// The default limits.
  public init() {}
}
