import Foundation

/// A path at which nothing stands, and what is made there removed with the object.
final class TemporaryPath {
  let path: String

  init(_ suffix: String = "") {
    path = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString)\(suffix)").path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func contents(_ name: String = "") throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: name.isEmpty ? path : "\(path)/\(name)")))
  }
}
