import Foundation

/// Writes a file as a whole.
func writeOutput(_ text: String, to path: String) throws(CommandError) {
  do {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  } catch {
    throw .unwritableOutput(path: path, reason: error.localizedDescription)
  }
}
