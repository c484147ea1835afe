internal import JSON
internal import Tensor

/// Writes a safetensors file: the header's length, the header in JSON, the data without gaps.
///
/// Format: the safetensors README, section "Format".
public final class SafetensorsWriter: TensorWriter {
  private let file: OutputFile
  private let offsets: [Int]

  /// Creates the file with everything but the tensors' data. The format holds no quantised tensors.
  public init(path: String, tensors: [OutputTensor]) throws(ModelFileError) {
    var members: [(String, JSON)] = [("__metadata__", ["format": "pt"])]
    var position = 0
    var dataOffsets: [Int] = []
    for tensor in tensors {
      guard !tensor.type.isQuantized else {
        throw .invalidTensor(
          file: path, tensor: tensor.name, expected: "F32, F16 or BF16 for safetensors", found: "\(tensor.type)")
      }
      dataOffsets.append(position)
      let end = position + tensor.byteCount
      let description: JSON = [
        "dtype": .string(tensor.type.description), "shape": .array(tensor.shape.map(JSON.integer)),
        "data_offsets": [.integer(position), .integer(end)],
      ]
      members.append((tensor.name, description))
      position = end
    }
    var header = Array(JSON.object(JSONObject(members)).serialized().utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    let dataStart = 8 + header.count
    offsets = dataOffsets.map { dataStart + $0 }
    file = try OutputFile(path: path, byteCount: dataStart + position)
    try file.write(withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header)
  }

  /// Writes a part of a tensor's data.
  public func write(_ bytes: UnsafeRawBufferPointer, tensor: Int, offset: Int) throws(ModelFileError) {
    try file.write(bytes, at: offsets[tensor] + offset)
  }

  /// Gives the complete file its name.
  public func finish() throws(ModelFileError) { try file.finish() }
}
