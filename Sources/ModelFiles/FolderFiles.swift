internal import Glibc
internal import JSON
internal import Tensor

/// Reads the files of a model folder by name.
enum FolderFiles {
  /// The largest text file read, in bytes: a tokenizer of a quarter million entries takes about 20 MB.
  static let maximumTextByteCount = 128 << 20

  static func path(_ name: String, in folder: String) -> String { "\(folder)/\(name)" }

  static func exists(_ name: String, in folder: String) -> Bool { access(path(name, in: folder), F_OK) == 0 }

  static func map(_ name: String, in folder: String) throws(ModelFileError) -> MappedFile {
    try map(at: path(name, in: folder))
  }

  private static func map(at path: String) throws(ModelFileError) -> MappedFile {
    do {
      return try MappedFile(path: path)
    } catch {
      throw .unreadable(error)
    }
  }

  static func read(_ name: String, in folder: String) throws(ModelFileError) -> [UInt8] {
    try read(at: path(name, in: folder), name: name)
  }

  /// `name` stands for the file in errors.
  static func read(at path: String, name: String? = nil) throws(ModelFileError) -> [UInt8] {
    let file = try map(at: path)
    guard file.bytes.count <= maximumTextByteCount else {
      throw .tooLarge(file: name ?? path, limit: maximumTextByteCount, found: file.bytes.count)
    }
    return file.contents()
  }

  static func readText(_ name: String, in folder: String) throws(ModelFileError) -> String {
    guard let text = String(validating: try read(name, in: folder), as: UTF8.self) else {
      throw .notUTF8(file: name)
    }
    return text
  }
}
