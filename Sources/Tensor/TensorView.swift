/// A named, typed, shaped window into memory that someone else holds, usually a mapped file.
///
/// Elements are in row-major order and need not be aligned. The view keeps its memory alive; nothing ever
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
  /// - Precondition: `bytes` holds exactly the elements of `shape`. Whoever reads a file checks this first.
  public init(name: String, shape: [Int], type: ElementType, bytes: UnsafeRawBufferPointer, owner: AnyObject) {
    precondition(bytes.count == shape.reduce(type.byteCount, *), "\(name): byte count does not match shape")
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
  public var elementCount: Int { bytes.count / type.byteCount }

  /// Entry `index` of the first dimension, as a tensor of the remaining dimensions.
  ///
  /// - Precondition: the tensor has a first dimension and `index` lies in it.
  public func row(_ index: Int) -> TensorView {
    let part = slice(index..<index + 1)
    return TensorView(name: name, shape: Array(shape.dropFirst()), type: type, bytes: part.bytes, owner: owner)
  }

  /// The entries `range` of the first dimension.
  ///
  /// - Precondition: the tensor has a first dimension and `range` lies in it.
  public func slice(_ range: Range<Int>) -> TensorView {
    precondition(!shape.isEmpty && range.lowerBound >= 0 && range.upperBound <= shape[0], "\(name): slice out of range")
    let stride = shape.dropFirst().reduce(type.byteCount, *)
    let part = UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound * stride..<range.upperBound * stride])
    return TensorView(name: name, shape: [range.count] + shape.dropFirst(), type: type, bytes: part, owner: owner)
  }

  /// All elements, converted exactly to F32.
  public func floats() -> [Float] {
    Array(unsafeUninitializedCapacity: elementCount) { buffer, count in
      copyFloats(to: UnsafeMutableBufferPointer(rebasing: buffer[..<elementCount]))
      count = elementCount
    }
  }

  /// Writes all elements, converted exactly to F32, to `destination`, which may be uninitialised.
  ///
  /// - Precondition: `destination` holds `elementCount` elements.
  public func copyFloats(to destination: UnsafeMutableBufferPointer<Float>) {
    precondition(destination.count == elementCount, "\(name): destination of the wrong size")
    guard let start = destination.baseAddress else { return }
    switch type {
    case .f32:
      UnsafeMutableRawBufferPointer(destination).copyMemory(from: bytes)
    case .f16:
      for index in 0..<elementCount {
        let bits = bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        (start + index).initialize(to: Float(Float16(bitPattern: bits)))
      }
    case .bf16:
      for index in 0..<elementCount {
        let bits = bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        (start + index).initialize(to: Float(bitPattern: UInt32(bits) << 16))
      }
    }
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
