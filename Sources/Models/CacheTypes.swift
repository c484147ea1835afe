public import Kernels
public import ModelFiles

/// How recurrent states are stored.
public enum StateElement: String, Sendable, Hashable, CaseIterable {
  /// IEEE 754 binary32.
  case f32
  /// The upper half of a binary32.
  case bf16

  var element: CacheElement {
    switch self {
    case .f32: .f32
    case .bf16: .bf16
    }
  }
}

/// How what sequences leave behind is stored. Nothing is computed from a value before it was brought into its
/// storage format, so results do not depend on what came from a cache.
public struct CacheTypes: Sendable, Hashable {
  /// Keys and values; integers have a scale a head and position.
  public var keyValue: CacheElement
  /// The recurrent matrices of linear attention.
  public var state: StateElement
  /// Tokens at the end of a sequence that can be taken back: as many as drafts are verified at once.
  public var retractableRows: Int

  /// By default everything is F32.
  public init(keyValue: CacheElement = .f32, state: StateElement = .f32, retractableRows: Int = 0) {
    self.keyValue = keyValue
    self.state = state
    self.retractableRows = retractableRows
  }

  /// What is used for a model. Where no type of keys and values is asked for, it is F16 for quantised weights, whose own
  /// error is far larger, and F32 for others.
  public init(for model: ModelPackage, keyValue: CacheElement?, state: StateElement) {
    self.init(keyValue: keyValue ?? (model.isQuantized ? .f16 : .f32), state: state)
  }
}
