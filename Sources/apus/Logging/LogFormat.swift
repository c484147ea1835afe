/// How log lines are written.
enum LogFormat: String, CaseIterable, Sendable {
  /// For people: time, level, message.
  case text
  /// For programs: an object a line.
  case json
}
