import Foundation
import ModelFiles
import Tensor

/// Finds a model's tensors by what they are to it, in files of either layout, and undoes what sets the layouts apart.
/// It remembers which tensors were taken and keeps what they point to alive.
struct WeightLoader {
  let layout: WeightLayout
  private let architecture: Architecture
  private let store: TensorStore
  /// The multi-token-prediction head's layer has the number after the last.
  private let layerCount: Int
  /// Matrices there are at most.
  private let matrixCount: Int
  let owners = WeightOwners()
  private var taken: Set<String> = []

  init(_ configuration: ModelConfiguration, _ store: TensorStore) {
    architecture = configuration.architecture
    layout = store.layout
    layerCount = configuration.layerCount
    self.store = store
    // Stacked experts are a tensor together and a matrix each.
    matrixCount = store.names.count + (layerCount + 1) * 3 * configuration.experts.count
  }

  // MARK: - Copies

  /// Places the matrices that are taken from now on in huge pages. `fillCopies` has to follow.
  func prepareCopies(_ blockLayout: BlockLayout) throws(ModelError) {
    owners.copies = try WeightCopies(
      byteCount: store.fileByteCount, matrixCount: matrixCount, blockLayout: blockLayout)
  }

  /// Copies the matrices to where they were placed.
  func fillCopies(threads: Int) { owners.copies?.fill(threads: threads) }

  // MARK: - By role

  /// Whether the files have a tensor for `role`.
  func contains(_ role: WeightRole, layer: Int? = nil) -> Bool {
    store.contains(name(role, layer: layer))
  }

  /// A matrix of `rows × columns`.
  mutating func matrix(
    _ role: WeightRole, layer: Int? = nil, rows: Int, columns: Int
  ) throws(ModelError) -> Matrix {
    let name = name(role, layer: layer)
    // llama.cpp drops dimensions of one.
    let shape = layout == .llamaCpp && rows == 1 ? [columns] : [rows, columns]
    return try matrix(try tensor(name, shape: shape), rows: rows, columns: columns)
  }

  /// Refuses an MLP whose first two matrices take different forms of input: they are computed together.
  func checkForms(gate: Matrix, up: Matrix, layer: Int) throws(ModelError) {
    guard InputForms(of: gate.type) != InputForms(of: up.type) else { return }
    let name = name(.gate, layer: layer)
    throw .file(
      .invalidTensor(
        file: store.fileName(of: name), tensor: name, expected: "\(up.type), as \(self.name(.up, layer: layer)) has",
        found: "\(gate.type)"))
  }

  /// One matrix of `rows × columns` for each of `count` experts.
  mutating func expertMatrices(
    _ role: WeightRole, layer: Int, count: Int, rows: Int, columns: Int
  ) throws(ModelError) -> [Matrix] {
    let name = name(role, layer: layer)
    var matrices: [Matrix] = []
    switch layout {
    case .huggingFace:
      for expert in 0..<count {
        let name = name.replacingOccurrences(of: "*", with: "\(expert)")
        matrices.append(try matrix(try tensor(name, shape: [rows, columns]), rows: rows, columns: columns))
      }
    case .llamaCpp:
      let stacked = try tensor(name, shape: [count, rows, columns])
      for expert in 0..<count {
        matrices.append(try matrix(stacked.row(expert), rows: rows, columns: columns))
      }
    }
    return matrices
  }

  /// The weights of an RMS norm: what the normalised values are multiplied by.
  mutating func norm(_ role: WeightRole, layer: Int? = nil, count: Int) throws(ModelError) -> Vector {
    // Qwen3-Next stores how far they are from one.
    let storesOffset = architecture == .qwen3Next && layout == .huggingFace && role != .deltaNorm
    let values = try tensor(name(role, layer: layer), shape: [count]).floats()
    return vector(storesOffset ? values.map { 1 + $0 } : values)
  }

  /// A bias, or other numbers that both layouts store alike.
  mutating func vector(_ role: WeightRole, layer: Int? = nil, count: Int) throws(ModelError) -> Vector {
    vector(try tensor(name(role, layer: layer), shape: [count]).floats())
  }

  /// What each rotated pair's frequency is divided by, where the files state it.
  mutating func rotaryDivisors(_ count: Int) throws(ModelError) -> [Float]? {
    guard layout == .llamaCpp, contains(.rotaryDivisors) else { return nil }
    return try tensor(name(.rotaryDivisors, layer: nil), shape: [count]).floats()
  }

  /// A delta net's −exp(A_log), by value head.
  mutating func decayRate(layer: Int, count: Int) throws(ModelError) -> Vector {
    let values = try tensor(name(.decayRate, layer: layer), shape: [count]).floats()
    return vector(layout == .huggingFace ? values.map { -exp($0) } : values)
  }

  /// A convolution's weights `[channels, taps]`, turned to `[taps][channels]`.
  mutating func convolution(layer: Int, channels: Int, taps: Int) throws(ModelError) -> Vector {
    let shape = layout == .huggingFace ? [channels, 1, taps] : [channels, taps]
    let values = try tensor(name(.convolution, layer: layer), shape: shape).floats()
    return vector((0..<taps).flatMap { tap in (0..<channels).map { values[$0 * taps + tap] } })
  }

  // MARK: - Completeness

  /// Refuses a model that has tensors nobody took, other than those known to play no part.
  func checkAllTaken() throws(ModelError) {
    do { try store.checkAllUsed(expected: taken) } catch { throw .file(error) }
  }

  // MARK: - By name

  private func name(_ role: WeightRole, layer: Int?) -> String {
    switch layout {
    case .huggingFace:
      let name = role.huggingFaceName ?? "\(role)"
      guard let layer, !role.isDraft else { return name }
      return layer == layerCount ? "mtp.layers.0.\(name)" : "model.layers.\(layer).\(name)"
    case .llamaCpp:
      // Qwen3-Next's norm between the parts of a layer has a name of its own.
      let isNext = architecture == .qwen3Next && role == .feedForwardNorm
      let name = isNext ? "post_attention_norm.weight" : role.llamaCppName
      return layer.map { "blk.\($0).\(name)" } ?? name
    }
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

  private func matrix(_ tensor: TensorView, rows: Int, columns: Int) throws(ModelError) -> Matrix {
    guard let address = tensor.bytes.baseAddress else {
      throw .file(
        .invalidTensor(
          file: store.fileName(of: tensor.name), tensor: tensor.name, expected: "elements", found: "none"))
    }
    return owners.copies?.place(tensor.bytes, tensor.type, rows: rows, columns: columns)
      ?? Matrix(address: address, type: tensor.type, layout: .rows, rows: rows, columns: columns)
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
  fileprivate(set) var copies: WeightCopies?
  fileprivate(set) var vectors: [UnsafeMutablePointer<Float>] = []

  deinit { for vector in vectors { vector.deallocate() } }
}
