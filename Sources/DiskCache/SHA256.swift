import COpenSSL

/// A SHA-256 digest that is being computed.
public struct SHA256: ~Copyable {
  private let context: OpaquePointer

  /// Starts with no bytes.
  public init() {
    // These fail for lack of memory alone.
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      fatalError("no memory for a digest")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Appends bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  /// Appends bytes.
  public mutating func update(_ bytes: some Sequence<UInt8>) {
    let context = context
    let contiguous: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      _ = EVP_DigestUpdate(context, buffer.baseAddress, buffer.count)
    }
    if contiguous == nil { Array(bytes).withUnsafeBytes { update($0) } }
  }

  /// Appends a number, its lowest byte first.
  public mutating func update(_ number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.littleEndian) { update($0) }
  }

  /// Appends tokens, four bytes each, the lowest first.
  public mutating func update(tokens: ArraySlice<Int32>) {
    #if _endian(little)
      tokens.withUnsafeBytes { update($0) }
    #else
      for token in tokens { update(token) }
    #endif
  }

  /// Appends a text and its length, so that texts one after another cannot be cut elsewhere.
  public mutating func update(text: String) {
    update(text.utf8.count)
    update(text.utf8)
  }

  /// The digest of all bytes so far; more may follow.
  public func current() -> Digest {
    var copy = SHA256()
    EVP_MD_CTX_copy_ex(copy.context, context)
    return copy.finish()
  }

  /// The digest of all bytes. Nothing may follow.
  private mutating func finish() -> Digest {
    let words = withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 4) { buffer in
      buffer.initialize(repeating: 0)
      buffer.withMemoryRebound(to: UInt8.self) { _ = EVP_DigestFinal_ex(context, $0.baseAddress, nil) }
      return (buffer[0].bigEndian, buffer[1].bigEndian, buffer[2].bigEndian, buffer[3].bigEndian)
    }
    return Digest(words)
  }
}
