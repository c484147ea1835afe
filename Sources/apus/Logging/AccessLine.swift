import HTTP
import Logging

/// One HTTP exchange as a line of `key=value` pairs, and as fields.
struct AccessLine {
  let entry: AccessLogEntry

  init(_ entry: AccessLogEntry) { self.entry = entry }

  func write(to logger: Logger) { logger.debug("\(text)", metadata: fields) }

  private var milliseconds: Int { Int(entry.duration / .milliseconds(1)) }

  private var text: String {
    let outcome = entry.error.map { " error=\"\($0)\"" } ?? ""
    return
      "http method=\(entry.method ?? "-") path=\(entry.path ?? "-") status=\(entry.status.map(String.init) ?? "-") "
      + "bytes=\(entry.bytes) duration_ms=\(milliseconds) remote=\(entry.remoteAddress) "
      + "complete=\(entry.isComplete)\(outcome)"
  }

  private var fields: Logger.Metadata {
    var fields: Logger.Metadata = [
      "event": "http", "bytes": .stringConvertible(entry.bytes), "duration_ms": .stringConvertible(milliseconds),
      "remote": .string(entry.remoteAddress), "complete": .stringConvertible(entry.isComplete),
    ]
    fields["method"] = entry.method.map(Logger.MetadataValue.string)
    fields["path"] = entry.path.map(Logger.MetadataValue.string)
    fields["status"] = entry.status.map(Logger.MetadataValue.stringConvertible)
    fields["error"] = entry.error.map(Logger.MetadataValue.string)
    return fields
  }
}
