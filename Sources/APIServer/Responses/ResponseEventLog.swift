/// The events of a response that is made in the background, and who follows them.
///
/// An event's index is its `sequence_number`.
struct ResponseEventLog: Sendable {
  typealias Follower = AsyncStream<[ReplyFrame]>.Continuation

  private(set) var events: [ReplyFrame] = []
  /// Roughly what the events take of the memory.
  private(set) var byteCount = 0
  /// Whether there will be no more events.
  private(set) var isOver = false
  /// Those who are told of new events. They have to be ended when the log is over.
  var followers: [String: Follower] = [:]

  /// What an event takes beside its data.
  private static let overhead = 64

  /// Adds events, which the followers have to be told; one that is over takes none.
  /// - Returns: the bytes they take.
  mutating func append(_ added: [ReplyFrame]) -> Int {
    guard !isOver, !added.isEmpty else { return 0 }
    events += added
    let size = added.reduce(0) { $0 + $1.data.count + Self.overhead }
    byteCount += size
    return size
  }

  /// Takes no more events. Returns those who follow, whose streams are to be ended.
  mutating func end() -> [Follower] {
    isOver = true
    defer { followers = [:] }
    return Array(followers.values)
  }
}
