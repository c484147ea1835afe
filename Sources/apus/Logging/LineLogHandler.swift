import Foundation
import JSON
import Logging

/// Writes each log event as one line on standard error.
///
/// An event that is made of fields has these as metadata, and its name under `event`; its message is the same for people.
/// Text shows the message, JSON the name and the fields.
struct LineLogHandler: LogHandler {
  let format: LogFormat
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  init(format: LogFormat) { self.format = format }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let time = Date().formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }
    LineOutput.standardError.write(Self.line(format, time: time, event.level, "\(event.message)", fields)) { count in
      Self.line(format, time: time, .warning, "\(count) lines of this log are lost: nobody read them", [:])
    }
  }

  static func line(
    _ format: LogFormat, time: String, _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata
  ) -> String {
    switch format {
    case .text:
      return "\(time) \(level) \(message.replacing("\n", with: "\n  "))\n"
    case .json:
      var object: JSONObject = ["time": .string(time), "level": .string(level.rawValue)]
      object["message"] = .string(metadata["event"].map { "\($0)" } ?? message)
      for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != "event" { object[key] = json(value) }
      return JSON.object(object).serialized() + "\n"
    }
  }

  private static func json(_ value: Logger.MetadataValue) -> JSON {
    switch value {
    case .stringConvertible(let number as Int): .integer(number)
    case .stringConvertible(let flag as Bool): .bool(flag)
    case .stringConvertible(let other): .string("\(other)")
    case .string(let text): .string(text)
    case .array(let values): .array(values.map(json))
    case .dictionary(let values):
      .object(values.sorted { $0.key < $1.key }.reduce(into: [:]) { $0[$1.key] = json($1.value) })
    }
  }
}
