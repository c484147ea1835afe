import Glibc

/// What the bytes of a cache file mean.
///
/// | bytes | |
/// |---|---|
/// | 8 | `APUSKV01` |
/// | 32 | fingerprint: of the model, the settings and the program that computed it |
/// | 32 | the item's digest |
/// | 4 | 0 for a page, 1 for a state |
/// | 4 | number of tail tokens |
/// | 8 | bytes of the payload |
/// | 4 each | tail tokens |
/// | 32 | SHA-256 of all before |
/// | | payload |
/// | 32 | SHA-256 of the digest before the payload, and of the payload |
///
/// Numbers have their lowest byte first.
struct CacheFile {
  private static let magic = Array("APUSKV01".utf8)
  /// Bytes before the tail.
  static let fixedByteCount = 88
  /// Tokens of a tail at most: a page has no more.
  static let maximumTail = 1 << 12
  /// Bytes before the payload at most.
  static let maximumHeaderByteCount = fixedByteCount + 4 * maximumTail + Digest.byteCount

  let fingerprint: Digest
  let item: CacheItem
  let payloadByteCount: Int

  /// Bytes before the payload.
  var headerByteCount: Int { Self.fixedByteCount + 4 * item.tail.count + Digest.byteCount }
  /// Bytes in all.
  var byteCount: Int { headerByteCount + payloadByteCount + Digest.byteCount }

  init(fingerprint: Digest, item: CacheItem, payloadByteCount: Int) {
    self.fingerprint = fingerprint
    self.item = item
    self.payloadByteCount = payloadByteCount
  }

  // MARK: - Writing

  /// The bytes before the payload.
  var header: [UInt8] {
    var bytes = Self.magic + fingerprint.bytes + item.base.bytes
    func append(_ number: some FixedWidthInteger) { withUnsafeBytes(of: number.littleEndian) { bytes += $0 } }
    switch item {
    case .page: append(UInt32(0))
    case .state: append(UInt32(1))
    }
    append(UInt32(item.tail.count))
    append(UInt64(payloadByteCount))
    for token in item.tail { append(token) }
    var hash = SHA256()
    hash.update(bytes)
    return bytes + hash.current().bytes
  }

  /// The bytes behind a payload.
  static func trailer(of header: [UInt8], payload: UnsafeRawBufferPointer) -> [UInt8] {
    var hash = SHA256()
    hash.update(header.suffix(Digest.byteCount))
    hash.update(payload)
    return hash.current().bytes
  }

  // MARK: - Reading

  /// Reads a header, of a file or of its first bytes.
  init(parsing bytes: UnsafeRawBufferPointer) throws(CacheFileError) {
    guard bytes.count >= Self.fixedByteCount else { throw .tooShort(byteCount: bytes.count) }
    guard bytes.starts(with: Self.magic) else { throw .notACacheFile }
    let kind = bytes.loadUnaligned(fromByteOffset: 72, as: UInt32.self).littleEndian
    let tailCount = Int(bytes.loadUnaligned(fromByteOffset: 76, as: UInt32.self).littleEndian)
    let payload = Int(clamping: bytes.loadUnaligned(fromByteOffset: 80, as: UInt64.self).littleEndian)
    guard kind <= 1, tailCount <= (kind == 0 ? 0 : Self.maximumTail), payload <= 1 << 40,
      let fingerprint = Digest(bytes: bytes[8..<40]), let base = Digest(bytes: bytes[40..<72])
    else { throw .damagedHeader }
    let end = Self.fixedByteCount + 4 * tailCount
    guard bytes.count >= end + Digest.byteCount else { throw .tooShort(byteCount: bytes.count) }
    var hash = SHA256()
    hash.update(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
    guard hash.current() == Digest(bytes: bytes[end..<end + Digest.byteCount]) else { throw .damagedHeader }
    let tail = (0..<tailCount).map {
      Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: Self.fixedByteCount + 4 * $0, as: Int32.self))
    }
    self.init(
      fingerprint: fingerprint, item: kind == 0 ? .page(base) : .state(after: base, tail: tail),
      payloadByteCount: payload)
  }

  /// Checks a whole file.
  /// - Returns: where the payload is.
  func checkPayload(of file: UnsafeRawBufferPointer) throws(CacheFileError) -> Range<Int> {
    guard file.count == byteCount else { throw .wrongLength(expected: byteCount, found: file.count) }
    let payload = headerByteCount..<headerByteCount + payloadByteCount
    var hash = SHA256()
    hash.update(UnsafeRawBufferPointer(rebasing: file[(payload.lowerBound - Digest.byteCount)..<payload.upperBound]))
    guard hash.current() == Digest(bytes: file[payload.upperBound...]) else { throw .damagedPayload }
    return payload
  }
}

/// Why a cache file is not used.
enum CacheFileError: Error, Hashable, CustomStringConvertible {
  case notACacheFile
  case tooShort(byteCount: Int)
  case damagedHeader
  case wrongLength(expected: Int, found: Int)
  case damagedPayload
  /// It is another's, or was computed by another model, with other settings, or by another program.
  case another
  case unreadable(code: Int32)

  /// Another process may have deleted it.
  var isAbsence: Bool { self == .unreadable(code: ENOENT) }

  var description: String {
    switch self {
    case .notACacheFile: "not a cache file"
    case .tooShort(let count): "\(count) bytes are too few"
    case .damagedHeader: "the header is damaged"
    case .wrongLength(let expected, let found): "\(found) bytes instead of \(expected)"
    case .damagedPayload: "the content is damaged"
    case .another: "it holds something else"
    case .unreadable(let code): "it cannot be read (error \(code))"
    }
  }
}
