/// The description of one tensor in a weight file.
public struct TensorEntry: Sendable, Hashable {
  /// The tensor's name.
  public let name: String
  /// The data type by its format's name, such as "BF16" or "Q4_K".
  public let dataType: String
  /// The dimensions, outermost first.
  public let shape: [Int]
  /// Where the elements are, in bytes from the start of the file.
  public let range: Range<Int>

  /// The number of elements.
  public var elementCount: Int { shape.reduce(1, *) }
}
