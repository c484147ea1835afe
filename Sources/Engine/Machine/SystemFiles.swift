import Foundation

/// The small files through which Linux tells about itself; below another root in tests.
struct SystemFiles {
  private let root: String

  init(root: String = "") { self.root = root }

  /// The contents without surrounding space; nil where there is no such file.
  func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: root + path).map {
      String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  /// The number that is all of a file.
  func number(_ path: String) -> Int? { text(path).flatMap { Int($0) } }

  /// The number behind `name`, perhaps with a colon, at the start of a line.
  func value(of name: String, in path: String) -> Int? {
    guard let text = text(path) else { return nil }
    for line in text.split(separator: "\n") {
      let fields = line.split { $0 == " " || $0 == ":" || $0 == "\t" }
      if fields.count > 1, fields[0] == name { return Int(fields[1]) }
    }
    return nil
  }
}
