/// Reads the fields of a GGUF file one after the other, never beyond its end.
struct GGUFCursor {
  private let contents: UnsafeRawBufferPointer
  private let file: String
  /// Where the next field starts, in bytes from the start of the file.
  private(set) var offset: Int

  init(_ contents: UnsafeRawBufferPointer, file: String, offset: Int) {
    self.contents = contents
    self.file = file
    self.offset = offset
  }

  /// The bytes that are left.
  var remaining: Int { contents.count - offset }

  /// Skips `count` bytes and returns where they are. `subject` names the field in errors.
  private mutating func take(_ count: Int, _ subject: () -> String) throws(ModelFileError) -> Range<Int> {
    guard count <= remaining else {
      throw .malformedFile(
        file: file, expected: "\(count) bytes of \(subject()) at byte \(offset)", found: "\(remaining) bytes")
    }
    defer { offset += count }
    return offset..<offset + count
  }

  /// One number or bit pattern of fixed size.
  mutating func value<T: BitwiseCopyable>(
    _ type: T.Type, _ subject: @autoclosure () -> String
  ) throws(ModelFileError) -> T {
    let range = try take(MemoryLayout<T>.size, subject)
    return contents.loadUnaligned(fromByteOffset: range.lowerBound, as: T.self)
  }

  /// `count` numbers of fixed size.
  mutating func values<T: BitwiseCopyable>(
    _ type: T.Type, count: Int, _ subject: @autoclosure () -> String
  ) throws(ModelFileError) -> [T] {
    let size = MemoryLayout<T>.size
    // Dividing what is left keeps the product in range.
    guard count <= remaining / size else {
      throw .malformedFile(
        file: file, expected: "\(count) elements of \(subject()) at byte \(offset)", found: "\(remaining) bytes")
    }
    let range = try take(count * size, subject)
    return [T](unsafeUninitializedCapacity: count) { buffer, initialized in
      UnsafeMutableRawBufferPointer(buffer).copyMemory(from: UnsafeRawBufferPointer(rebasing: contents[range]))
      initialized = count
    }
  }

  /// A count or a length, at most `limit`.
  mutating func count(limit: Int, _ subject: @autoclosure () -> String) throws(ModelFileError) -> Int {
    let stored = try value(UInt64.self, subject())
    guard let count = Int(exactly: stored), count <= limit else {
      throw .malformedFile(file: file, expected: "at most \(limit) as \(subject())", found: "\(stored)")
    }
    return count
  }

  /// A string of at most `limit` bytes.
  mutating func string(limit: Int, _ subject: @autoclosure () -> String) throws(ModelFileError) -> String {
    let length = try count(limit: limit, "the length of \(subject())")
    let start = offset
    let range = try take(length, subject)
    guard let text = String(validating: contents[range], as: UTF8.self) else {
      throw .malformedFile(file: file, expected: "UTF-8 as \(subject()) at byte \(start)", found: "other bytes")
    }
    return text
  }
}
