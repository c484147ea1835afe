/// Bytes that wait to be sent.
struct OutputBuffer: Sendable {
  private var bytes: [UInt8] = []
  private var start = 0

  var count: Int { bytes.count - start }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ newBytes: [UInt8]) {
    if isEmpty {
      bytes = newBytes
      start = 0
      return
    }
    if start > bytes.count / 2 {
      bytes.removeSubrange(..<start)
      start = 0
    }
    bytes += newBytes
  }

  /// Sends with `send`, which returns how many bytes it took.
  mutating func drain(_ send: (UnsafeRawBufferPointer) throws(SystemError) -> Int) throws(SystemError) {
    let start = start
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(SystemError) in try send(UnsafeRawBufferPointer(rebasing: bytes[start...])) }
    }
    self.start += try result.get()
    if isEmpty { removeAll() }
  }

  mutating func removeAll() {
    bytes = []
    start = 0
  }
}
