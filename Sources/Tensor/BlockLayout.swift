/// How the rows of a matrix of a block format lie in memory. A row takes as many bytes in either.
public enum BlockLayout: Sendable, Hashable {
  /// One after another, as in files.
  case rows
  /// Sixteen together: field by field of their blocks, the same four bytes (or, where a scale stands alone, two) of all
  /// sixteen one after another. What was at byte b of each row is at byte 16 · b of the sixteen together, in the order of
  /// the rows. A vector of sixteen lanes has its numbers by one load then, and a pass over sixteen rows is one stream.
  case interleaved

  /// Rows that lie together when interleaved. Matrices of another multiple keep their rows apart.
  public static let rowsTogether = 16
}

/// Copies to and from `BlockLayout.interleaved`.
public enum Interleaving {
  private static let together = BlockLayout.rowsTogether

  /// Interleaves rows of `columns` elements of a block format.
  ///
  /// - Parameters:
  ///   - source: `rows` rows, one after another.
  ///   - rows: a multiple of sixteen.
  ///   - destination: as many bytes, elsewhere.
  public static func interleave(
    _ type: ElementType, _ source: UnsafeRawPointer, rows: Int, columns: Int, to destination: UnsafeMutableRawPointer
  ) {
    precondition(rows % together == 0, "\(rows) rows do not come by \(together)")
    let blocks = columns / type.blockLength
    let stride = type.byteCount(elements: columns)
    for group in 0..<rows / together {
      let first = source + group * together * stride
      let target = destination + group * together * stride
      for row in 0..<together {
        for block in 0..<blocks {
          let offset = block * type.blockByteCount
          copyFields(type) { field, isHalf in
            let from = first + row * stride + offset + field
            let to = target + together * (offset + field)
            if isHalf {
              to.storeBytes(of: from.loadUnaligned(as: UInt16.self), toByteOffset: 2 * row, as: UInt16.self)
            } else {
              to.storeBytes(of: from.loadUnaligned(as: UInt32.self), toByteOffset: 4 * row, as: UInt32.self)
            }
          }
        }
      }
    }
  }

  /// Converts row `row` of an interleaved matrix to F32; see `Dequantization.dequantize`.
  public static func dequantizeRow(
    _ type: ElementType, _ matrix: UnsafeRawPointer, row: Int, columns: Int, to output: UnsafeMutablePointer<Float>
  ) {
    let group = matrix + row / together * together * type.byteCount(elements: columns)
    let lane = row % together
    withUnsafeTemporaryAllocation(byteCount: type.blockByteCount, alignment: 4) { memory in
      guard let bytes = memory.baseAddress else { return }
      for block in 0..<columns / type.blockLength {
        let source = group + together * block * type.blockByteCount
        copyFields(type) { field, isHalf in
          let from = source + together * field
          if isHalf {
            bytes.storeBytes(
              of: from.loadUnaligned(fromByteOffset: 2 * lane, as: UInt16.self), toByteOffset: field, as: UInt16.self)
          } else {
            bytes.storeBytes(
              of: from.loadUnaligned(fromByteOffset: 4 * lane, as: UInt32.self), toByteOffset: field, as: UInt32.self)
          }
        }
        Dequantization.dequantize(type, bytes, count: type.blockLength, to: output + block * type.blockLength)
      }
    }
  }

  /// The fields of a block: offsets, and whether there are two bytes instead of four.
  @inline(__always)
  private static func copyFields(_ type: ElementType, _ copy: (_ offset: Int, _ isHalf: Bool) -> Void) {
    let words = type.blockByteCount / 4
    guard type.blockByteCount % 4 == 2 else {
      for word in 0..<words { copy(4 * word, false) }
      return
    }
    // Q6_K has its scale at the end, all others at the beginning.
    let start = type == .q6K ? 0 : 2
    copy(type == .q6K ? 4 * words : 0, true)
    for word in 0..<words { copy(start + 4 * word, false) }
  }
}
