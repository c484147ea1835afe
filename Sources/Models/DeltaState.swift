package import ModelFiles

/// How one linear-attention layer's state lies in its slot.
///
/// Sequences are cut into chunks at fixed positions. The slot holds each value head's recurrent matrix as of the last
/// chunk boundary, the rows since (the *open chunk*): keys, updates and their decays, and the convolution's last
/// inputs. The matrix is written once a chunk only.
package struct DeltaStateLayout: Sendable, Hashable {
  /// Positions of a chunk.
  package static let chunkSize = 16
  /// Floats of a head's decays: that of the matrix since the boundary, then those of the open rows.
  static let decayCount = chunkSize + 1

  /// Where each part starts, in floats.
  let matrices = 0
  let openKeys: Int
  let openUpdates: Int
  let decays: Int
  let convolutionInputs: Int
  /// Floats of one layer in one slot.
  package let floats: Int

  /// The layout for a configuration.
  package init(_ sizes: LinearAttentionConfiguration) {
    openKeys = sizes.valueHeadCount * sizes.keyHeadDimension * sizes.valueHeadDimension
    openUpdates = openKeys + Self.chunkSize * sizes.keyDimension
    decays = openUpdates + Self.chunkSize * sizes.valueDimension
    convolutionInputs = decays + sizes.valueHeadCount * Self.decayCount
    let end = convolutionInputs + (sizes.convolutionKernelSize - 1) * sizes.convolutionDimension
    floats = (end + 15) / 16 * 16
  }
}

/// The slots of one linear-attention layer.
package struct DeltaStates: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  let slotStride: Int

  /// States that start `slotStride` floats apart.
  package init(base: UnsafeMutablePointer<Float>, slotStride: Int) {
    self.base = base
    self.slotStride = slotStride
  }
}
