import JSON

/// Assembles safetensors files, right or wrong.
enum Safetensors {
  /// Length, header and data, with the length as stated or as it is.
  static func file(header: String, data: [UInt8] = [], statedLength: UInt64? = nil) -> [UInt8] {
    let length = statedLength ?? UInt64(header.utf8.count)
    return withUnsafeBytes(of: length.littleEndian, Array.init) + Array(header.utf8) + data
  }

  /// A file of F32 tensors in the given order.
  static func file(_ tensors: [(name: String, shape: [Int], values: [Float])]) -> [UInt8] {
    var header = JSONObject()
    var data: [UInt8] = []
    for tensor in tensors {
      let start = data.count
      for value in tensor.values { data += withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) }
      header[tensor.name] = [
        "dtype": "F32", "shape": .array(tensor.shape.map { .integer($0) }),
        "data_offsets": [.integer(start), .integer(data.count)],
      ]
    }
    return file(header: JSON.object(header).serialized(), data: data)
  }
}
