/// How a client behaves on one connection.
struct ClientPlan {
  /// What it does to the connection once it has sent or received so many bytes.
  enum Fate {
    case none
    case closesAfterSending(Int), resetsAfterSending(Int), halfClosesAfterSending(Int), stallsAfterSending(Int)
    case closesAfterReceiving(Int), resetsAfterReceiving(Int), stallsAfterReceiving(Int)

    /// Bytes that it sends yet.
    func room(after sent: Int) -> Int {
      switch self {
      case .closesAfterSending(let bytes), .resetsAfterSending(let bytes), .halfClosesAfterSending(let bytes),
        .stallsAfterSending(let bytes):
        max(0, bytes - sent)
      case .none, .closesAfterReceiving, .resetsAfterReceiving, .stallsAfterReceiving: .max
      }
    }
  }

  var requests: [ClientRequest]
  var fate = Fate.none
  /// It does not wait for a response before it sends the next request.
  var pipelines: Bool
  /// Nanoseconds between two pieces it sends, or receives.
  var sendGap: Int
  var readGap: Int
  /// Bytes of the pieces, at most.
  var sendPiece: Int
  var readPiece: Int
  /// Nanoseconds between a response and the next request, at most.
  var thinkTime: Int
  /// It leaves the closing to the server.
  var leavesOpen: Bool
  /// The client's IP address.
  var address: String
}
