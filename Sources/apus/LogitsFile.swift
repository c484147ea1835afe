import Foundation

/// A file of logits: F32 in the machine's byte order, row after row.
final class LogitsFile {
  private let path: String
  private let handle: FileHandle
  private var failure: (any Error)?

  /// Creates the file, or empties it.
  init(path: String) throws(CommandError) {
    self.path = path
    guard FileManager.default.createFile(atPath: path, contents: nil), let handle = FileHandle(forWritingAtPath: path)
    else { throw .unwritableOutput(path: path, reason: "no such folder, or no permission") }
    self.handle = handle
  }

  /// Adds a row. What fails is reported by `finish`, since rows come from where nothing may be thrown.
  func append(_ row: UnsafeBufferPointer<Float>) {
    guard failure == nil else { return }
    do { try handle.write(contentsOf: Data(buffer: row)) } catch { failure = error }
  }

  /// Closes the file.
  func finish() throws(CommandError) {
    do {
      if let failure { throw failure }
      try handle.close()
    } catch {
      throw .unwritableOutput(path: path, reason: error.localizedDescription)
    }
  }
}
