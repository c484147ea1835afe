package import ModelFiles

/// The key-value pages of one full-attention layer. A page holds its keys by head, position and element, then its
/// values likewise.
package struct KeyValuePages: @unchecked Sendable {
  /// Positions a page holds.
  package static let pageSize = 64

  let base: UnsafeMutablePointer<Float>
  let pageStride: Int

  /// Pages that start `pageStride` floats apart.
  package init(base: UnsafeMutablePointer<Float>, pageStride: Int) {
    self.base = base
    self.pageStride = pageStride
  }

  /// Floats of one page of one layer.
  package static func floatsPerPage(_ attention: AttentionConfiguration) -> Int {
    2 * attention.keyValueHeadCount * pageSize * attention.headDimension
  }
}
