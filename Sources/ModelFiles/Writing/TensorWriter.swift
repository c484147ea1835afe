public import Tensor

/// What a file says of a tensor before its data.
public struct OutputTensor: Sendable, Hashable {
  /// The tensor's name.
  public let name: String
  /// The dimensions, outermost first.
  public let shape: [Int]
  /// How elements are stored.
  public let type: ElementType

  /// - Precondition: the last dimension is whole blocks of `type`.
  public init(name: String, shape: [Int], type: ElementType) {
    precondition((shape.last ?? 1) % type.blockLength == 0, "\(name): rows are not whole blocks of \(type)")
    self.name = name
    self.shape = shape
    self.type = type
  }

  /// The number of elements.
  public var elementCount: Int { shape.reduce(1, *) }

  /// Bytes of all elements.
  public var byteCount: Int { type.byteCount(elements: elementCount) }
}

/// A weight file being written: its tensors are known, their data comes in parts, in any order, from any thread.
public protocol TensorWriter: Sendable {
  /// Writes `bytes` of the data of tensor number `tensor`, from byte `offset` of it.
  ///
  /// - Precondition: the part lies inside the tensor.
  func write(_ bytes: UnsafeRawBufferPointer, tensor: Int, offset: Int) throws(ModelFileError)

  /// Gives the complete file its name. A writer that goes away before leaves no file behind.
  func finish() throws(ModelFileError)
}
