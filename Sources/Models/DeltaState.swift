import Kernels
package import ModelFiles

/// How one linear-attention layer's state lies in its slot.
///
/// Sequences are cut into chunks at fixed positions. The slot holds each value head's recurrent matrix as of the last
/// chunk boundary, the rows since (the *open chunk*): keys, updates and their decays, and the convolution's last
/// inputs. The matrix is written once a chunk only. Matrices (a row a key element) and updates are cut into panels of
/// 32 columns, so that products read them in order.
package struct DeltaStateLayout: Sendable, Hashable {
  /// Positions of a chunk.
  package static let chunkSize = 16
  /// Floats of a head's decays: that of the matrix since the boundary, then those of the open rows.
  private static let decayCount = chunkSize + 1

  /// How the matrices are stored; all else is F32.
  let element: CacheElement
  /// Panels that a head's values take.
  let valuePanels: Int
  let matrixPanelBytes: Int
  let updatePanelFloats = chunkSize * Kernels.panelWidth
  private let sizes: LinearAttentionConfiguration
  // Where each part starts, in bytes; the matrices come first.
  private let openKeys: Int
  private let openUpdates: Int
  private let decays: Int
  private let convolutionInputs: Int
  /// Bytes of one layer in one slot.
  package let byteCount: Int

  /// The layout for a configuration.
  package init(_ sizes: LinearAttentionConfiguration, _ element: StateElement) {
    self.sizes = sizes
    self.element = element.element
    valuePanels = Kernels.panelCount(columns: sizes.valueHeadDimension)
    matrixPanelBytes = sizes.keyHeadDimension * Kernels.panelWidth * self.element.byteCount
    let heads = sizes.valueHeadCount
    openKeys = heads * valuePanels * matrixPanelBytes
    openUpdates = openKeys + 4 * Self.chunkSize * sizes.keyDimension
    decays = openUpdates + 4 * heads * valuePanels * updatePanelFloats
    convolutionInputs = decays + 4 * heads * Self.decayCount
    let end = convolutionInputs + 4 * (sizes.convolutionKernelSize - 1) * sizes.convolutionDimension
    byteCount = (end + 63) / 64 * 64
  }

  /// A value head's matrix.
  func matrix(_ head: Int, of state: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
    state + head * valuePanels * matrixPanelBytes
  }

  /// A key head's keys of the open chunk, row after row.
  func openKeys(_ head: Int, of state: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
    floats(state, openKeys) + head * Self.chunkSize * sizes.keyHeadDimension
  }

  /// A value head's updates of the open chunk, in panels.
  func openUpdates(_ head: Int, of state: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
    floats(state, openUpdates) + head * valuePanels * updatePanelFloats
  }

  /// What a value head's matrix since the boundary, then each open row, has decayed by.
  func decays(_ head: Int, of state: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
    floats(state, decays) + head * Self.decayCount
  }

  /// The convolution's last inputs, the oldest first, `convolutionDimension` floats each.
  func convolutionInputs(of state: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
    floats(state, convolutionInputs)
  }

  private func floats(_ state: UnsafeMutableRawPointer, _ offset: Int) -> UnsafeMutablePointer<Float> {
    (state + offset).assumingMemoryBound(to: Float.self)
  }
}

/// The slots of one linear-attention layer.
package struct DeltaStates: @unchecked Sendable {
  let layout: DeltaStateLayout
  private let base: UnsafeMutableRawPointer
  private let slotStride: Int

  /// States that start `slotStride` bytes apart, each aligned to 64 bytes.
  package init(_ layout: DeltaStateLayout, base: UnsafeMutableRawPointer, slotStride: Int) {
    self.layout = layout
    self.base = base
    self.slotStride = slotStride
  }

  func slot(_ index: Int) -> UnsafeMutableRawPointer { base + index * slotStride }
}
