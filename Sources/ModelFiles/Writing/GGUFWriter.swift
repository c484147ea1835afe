/// Writes a GGUF file, version 3: header, metadata, descriptions of the tensors, then their data, each aligned.
///
/// Format: `docs/gguf.md` of the ggml repository.
public final class GGUFWriter: TensorWriter {
  /// Where tensors begin: at multiples of this many bytes. It is the format's default, so no key has to state it.
  public static let alignment = 32

  private let file: OutputFile
  private let offsets: [Int]

  /// Creates the file with everything but the tensors' data.
  ///
  /// - Parameter metadata: keys and values in the order in which they are written.
  public init(
    path: String, metadata: [(key: String, value: GGUFValue)], tensors: [OutputTensor]
  ) throws(ModelFileError) {
    var header = GGUFEncoder()
    header.append(UInt32(0x4655_4747))  // "GGUF"
    header.append(UInt32(3))
    header.append(UInt64(tensors.count))
    header.append(UInt64(metadata.count))
    for (key, value) in metadata {
      header.append(key)
      header.append(value)
    }
    var dataCount = 0
    var dataOffsets: [Int] = []
    for tensor in tensors {
      header.append(tensor, offset: dataCount)
      dataOffsets.append(dataCount)
      dataCount += Self.aligned(tensor.byteCount)
    }
    let dataStart = Self.aligned(header.bytes.count)
    offsets = dataOffsets.map { dataStart + $0 }
    file = try OutputFile(path: path, byteCount: dataStart + dataCount)
    try file.write(header.bytes)
  }

  /// Writes a part of a tensor's data.
  public func write(_ bytes: UnsafeRawBufferPointer, tensor: Int, offset: Int) throws(ModelFileError) {
    try file.write(bytes, at: offsets[tensor] + offset)
  }

  /// Gives the complete file its name.
  public func finish() throws(ModelFileError) { try file.finish() }

  private static func aligned(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
}
