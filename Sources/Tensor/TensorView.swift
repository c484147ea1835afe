/// A named, typed, shaped window into memory that someone else holds, usually a mapped file.
///
/// Elements are in row-major order and need not be aligned; blocks of quantised types run along the last dimension. The
/// view keeps its memory alive; nothing ever
/// writes to it, which is what makes sharing it between threads safe.
public struct TensorView: @unchecked Sendable {
  /// The tensor's name in its file.
  public let name: String
  /// The dimensions, outermost first; empty for a single number.
  public let shape: [Int]
  /// How elements are stored.
  public let type: ElementType
  /// The elements. Valid while this view or a copy of it lives.
  public let bytes: UnsafeRawBufferPointer

  private let owner: AnyObject

  /// A view of `bytes`, which must stay valid and unchanged while `owner` lives.
  ///
  /// - Precondition: `bytes` holds exactly the elements of `shape`, whose last dimension is whole blocks of `type`.
  ///   Whoever reads a file checks this first.
  public init(name: String, shape: [Int], type: ElementType, bytes: UnsafeRawBufferPointer, owner: AnyObject) {
    precondition((shape.last ?? 1) % type.blockLength == 0, "\(name): rows are not whole blocks of \(type)")
    let elements = shape.reduce(1, *)
    precondition(bytes.count == type.byteCount(elements: elements), "\(name): byte count does not match shape")
    self.name = name
    self.shape = shape
    self.type = type
    self.bytes = bytes
    self.owner = owner
  }

  /// A tensor with its own F32 memory, aligned to 64 bytes, for values that are computed and not read.
  ///
  /// - Precondition: as many `floats` as `shape` asks for.
  public init(name: String, shape: [Int], floats: [Float]) {
    let memory = OwnedMemory(copying: floats)
    self.init(name: name, shape: shape, type: .f32, bytes: UnsafeRawBufferPointer(memory.bytes), owner: memory)
  }

  /// The number of elements.
  public var elementCount: Int { bytes.count / type.blockByteCount * type.blockLength }

  /// Entry `index` of the first dimension, as a tensor of the remaining dimensions.
  ///
  /// - Precondition: the tensor has a first dimension and `index` lies in it, and an entry is whole blocks.
  public func row(_ index: Int) -> TensorView {
    let part = slice(index..<index + 1)
    return TensorView(name: name, shape: Array(shape.dropFirst()), type: type, bytes: part.bytes, owner: owner)
  }

  /// The entries `range` of the first dimension.
  ///
  /// - Precondition: the tensor has a first dimension and `range` lies in it, and an entry is whole blocks.
  public func slice(_ range: Range<Int>) -> TensorView {
    precondition(!shape.isEmpty && range.lowerBound >= 0 && range.upperBound <= shape[0], "\(name): slice out of range")
    let stride = type.byteCount(elements: shape.dropFirst().reduce(1, *))
    let part = UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound * stride..<range.upperBound * stride])
    return TensorView(name: name, shape: [range.count] + shape.dropFirst(), type: type, bytes: part, owner: owner)
  }

  /// All elements, as F32: floats exactly, blocks as `Dequantization` does.
  public func floats() -> [Float] {
    Array(unsafeUninitializedCapacity: elementCount) { buffer, count in
      copyFloats(to: UnsafeMutableBufferPointer(rebasing: buffer[..<elementCount]))
      count = elementCount
    }
  }

  /// Writes all elements, as F32, to `destination`, which may be uninitialised.
  ///
  /// - Precondition: `destination` holds `elementCount` elements.
  public func copyFloats(to destination: UnsafeMutableBufferPointer<Float>) {
    precondition(destination.count == elementCount, "\(name): destination of the wrong size")
    guard let source = bytes.baseAddress, let start = destination.baseAddress else { return }
    Dequantization.dequantize(type, source, count: elementCount, to: start)
  }
}

/// Heap memory that is freed with the object.
private final class OwnedMemory {
  let bytes: UnsafeMutableRawBufferPointer

  init(copying floats: [Float]) {
    bytes = .allocate(byteCount: floats.count * MemoryLayout<Float>.stride, alignment: 64)
    floats.withUnsafeBytes { bytes.copyMemory(from: $0) }
  }

  deinit { bytes.deallocate() }
}
