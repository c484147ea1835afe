/// Finds the end of a request body and takes its transfer coding off.
enum BodyDecoder: Sendable {
  case length(remaining: Int)
  case chunked(ChunkedDecoder)

  /// Consumes what `buffer` has of the body and appends its content to `output`, also in front of an error.
  /// - Returns: whether the body is complete.
  mutating func decode(_ buffer: inout InputBuffer, into output: inout [UInt8]) throws(ProtocolError) -> Bool {
    switch self {
    case .length(let remaining):
      let part = buffer.take(upTo: remaining)
      output += part
      self = .length(remaining: remaining - part.count)
      return part.count == remaining
    case .chunked(var decoder):
      let result = Result { () throws(ProtocolError) in try decoder.decode(&buffer, into: &output) }
      self = .chunked(decoder)
      return try result.get()
    }
  }

  /// Bytes still to come, as far as the client has told.
  var knownRemainder: Int? {
    switch self {
    case .length(let remaining): remaining
    case .chunked: nil
    }
  }
}
