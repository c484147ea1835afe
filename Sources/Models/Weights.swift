import ModelFiles
import Tensor

/// A weight matrix in its file's format and place. The model that holds it keeps the file mapped.
struct Matrix: @unchecked Sendable {
  let address: UnsafeRawPointer
  let type: ElementType
  /// Output features.
  let rows: Int
  /// Input features.
  let columns: Int

  /// Row `index` as F32.
  func copyRow(_ index: Int, to output: UnsafeMutablePointer<Float>) {
    let row = address + index * type.byteCount(elements: columns)
    Dequantization.dequantize(type, row, count: columns, to: output)
  }
}

/// Small weights, converted to F32 when the model is loaded.
struct Vector: @unchecked Sendable {
  let values: UnsafePointer<Float>
  let count: Int
}

/// Finds a model's tensors by name, remembers which were taken, and keeps what they point to alive.
struct WeightLoader {
  private let store: TensorStore
  private(set) var owners = WeightOwners()
  private var taken: Set<String> = []

  init(_ store: TensorStore) { self.store = store }

  /// A matrix of `rows × columns`.
  mutating func matrix(_ name: String, rows: Int, columns: Int) throws(ModelError) -> Matrix {
    let tensor = try tensor(name, shape: [rows, columns])
    guard let address = tensor.bytes.baseAddress else {
      throw .file(.invalidTensor(file: "", tensor: name, expected: "elements", found: "none"))
    }
    return Matrix(address: address, type: tensor.type, rows: rows, columns: columns)
  }

  /// A vector, or a small tensor of any shape, with `transform` applied to its elements.
  mutating func vector(
    _ name: String, shape: [Int], transform: (Float) -> Float = { $0 }
  ) throws(ModelError) -> Vector {
    vector(try tensor(name, shape: shape).floats().map(transform))
  }

  /// A convolution's weights `[channels, 1, taps]`, turned to `[taps][channels]`.
  mutating func convolution(_ name: String, channels: Int, taps: Int) throws(ModelError) -> Vector {
    let values = try tensor(name, shape: [channels, 1, taps]).floats()
    return vector((0..<taps).flatMap { tap in (0..<channels).map { values[$0 * taps + tap] } })
  }

  /// Refuses a model that has tensors nobody took, other than a multi-token-prediction head.
  func checkAllTaken() throws(ModelError) {
    do { try store.checkAllUsed(expected: taken, ignoring: ["mtp."]) } catch { throw .file(error) }
  }

  private mutating func tensor(_ name: String, shape: [Int]) throws(ModelError) -> TensorView {
    do {
      let tensor = try store.tensor(name, shape: shape)
      taken.insert(name)
      owners.tensors.append(tensor)
      return tensor
    } catch {
      throw .file(error)
    }
  }

  private mutating func vector(_ floats: [Float]) -> Vector {
    let values = UnsafeMutablePointer<Float>.allocate(capacity: max(1, floats.count))
    values.initialize(from: floats, count: floats.count)
    owners.vectors.append(values)
    return Vector(values: UnsafePointer(values), count: floats.count)
  }
}

/// What a model's matrices and vectors point to; must outlive them.
final class WeightOwners: @unchecked Sendable {
  fileprivate(set) var tensors: [TensorView] = []
  fileprivate(set) var vectors: [UnsafeMutablePointer<Float>] = []

  deinit { for vector in vectors { vector.deallocate() } }
}
