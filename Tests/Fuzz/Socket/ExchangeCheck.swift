import HTTP
import HTTPTestSupport
import JSON

/// Compares what a client has received with what the server says it has sent.
struct ExchangeCheck {
  let received: [UInt8]
  let entries: [AccessLogEntry]
  /// Everything that was sent has to be there.
  let isWhole: Bool
  /// The connection has ended by itself behind what was received.
  let hasEnd: Bool

  /// What is wrong; nil if nothing is.
  func problem() -> String? {
    if entries.dropLast().contains(where: { !$0.isComplete }) { return "a request behind one that was cut off" }
    if let entry = entries.first(where: { $0.status == 500 }) { return "status 500: \(entry)" }
    var reader = ResponseReader()
    reader.append(received[...])
    var count = 0
    do throws(ResponseReader.Malformed) {
      while true {
        let entry = count < entries.count ? entries[count] : nil
        guard let response = try reader.next(isHead: entry?.method == "HEAD", hasEnded: hasEnd) else { break }
        if response.status == 100 { continue }
        guard let entry else { return "a response of status \(response.status) that is not in the log" }
        if let problem = problem(of: response, entry) { return "\(problem), in the response to \(entry)" }
        count += 1
        if response.closes, reader.isWithinResponse { return "bytes behind the last response" }
      }
    } catch {
      return "\(error.reason), behind \(count) responses of \(entries)"
    }
    guard isWhole else { return nil }
    let complete = entries.count { $0.isComplete }
    // Of a request of which the method alone arrived the log knows nothing; if that is HEAD, its response has no body.
    if count + 1 == complete, entries.last?.method == nil, reader.isWithinBody, reader.response.body.isEmpty {
      return nil
    }
    if count < complete { return "\(count) responses of \(complete)" }
    if reader.isWithinResponse, complete == entries.count { return "a part of a response, and the log has none" }
    return nil
  }

  private func problem(of response: ResponseReader.Response, _ entry: AccessLogEntry) -> String? {
    if response.status != entry.status { return "status \(response.status)" }
    if entry.method == "HEAD" || response.status == 204 { return nil }
    if response.body.count != entry.bytes { return "\(response.body.count) bytes" }
    guard response.values("content-encoding").isEmpty else { return nil }
    switch response.values("content-type").first {
    case "application/json":
      return (try? JSON(parsing: response.body)) == nil ? "a body that is no JSON" : nil
    case "text/event-stream":
      return problem(ofStream: response.body)
    default:
      return nil
    }
  }

  private func problem(ofStream body: [UInt8]) -> String? {
    for line in body.split(separator: 0x0A) where line.starts(with: "data: ".utf8) {
      let data = Array(line.dropFirst(6))
      if data != Array("[DONE]".utf8), (try? JSON(parsing: data)) == nil { return "an event that is no JSON" }
    }
    return nil
  }
}
