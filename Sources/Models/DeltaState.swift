import Kernels
package import ModelFiles

/// How one linear-attention layer's state lies in its slot.
///
/// Sequences are cut into chunks at fixed positions. The slot holds each value head's recurrent matrix as of a chunk
/// boundary, the rows since (the *open chunk*): keys, updates and their decays, and the convolution's last inputs. A
/// full chunk stays open until the next one's first row comes, so that each of its rows can still be taken back; the
/// matrix is written once a chunk only. Matrices (a row a key element) and updates are cut into panels of
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
  private let rowDecays: Int
  private let convolutionInputs: Int
  /// Bytes of one layer in one slot.
  package let byteCount: Int

  /// Rows' inputs of the convolution that a slot keeps: those that the next row needs, and as many more as rows can be
  /// taken back.
  let keptInputs: Int

  /// The layout for a configuration whose sequences can be shortened by `retractableRows`.
  package init(_ sizes: LinearAttentionConfiguration, _ element: StateElement, retractableRows: Int = 0) {
    self.sizes = sizes
    keptInputs = sizes.convolutionKernelSize - 1 + retractableRows
    self.element = element.element
    valuePanels = Kernels.panelCount(columns: sizes.valueHeadDimension)
    matrixPanelBytes = sizes.keyHeadDimension * Kernels.panelWidth * self.element.byteCount
    let heads = sizes.valueHeadCount
    openKeys = heads * valuePanels * matrixPanelBytes
    openUpdates = openKeys + 4 * Self.chunkSize * sizes.keyDimension
    decays = openUpdates + 4 * heads * valuePanels * updatePanelFloats
    rowDecays = decays + 4 * heads * Self.decayCount
    convolutionInputs = rowDecays + 4 * heads * Self.chunkSize
    let end = convolutionInputs + 4 * max(0, keptInputs) * sizes.convolutionDimension
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

  /// What a value head's state decays by before each open row is written.
  func rowDecays(_ head: Int, of state: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
    floats(state, rowDecays) + head * Self.chunkSize
  }

  /// The convolution's last `keptInputs` inputs, the oldest first, `convolutionDimension` floats each.
  func convolutionInputs(of state: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
    floats(state, convolutionInputs)
  }

  private func floats(_ state: UnsafeMutableRawPointer, _ offset: Int) -> UnsafeMutablePointer<Float> {
    (state + offset).assumingMemoryBound(to: Float.self)
  }
}

extension DeltaStateLayout {
  /// Takes back the last `count` rows of a state whose open chunk then has `open` rows; at least as many are in it.
  ///
  /// What has decayed is multiplied again from the rows' own decays, in the order in which they came, so the state is
  /// bit for bit the one before those rows.
  func retract(_ count: Int, leaving open: Int, of state: UnsafeMutableRawPointer) {
    for head in 0..<sizes.valueHeadCount {
      let decays = decays(head, of: state)
      let rowDecays = rowDecays(head, of: state)
      decays[0] = 1
      // Without open rows the chunk before is folded already: folding nothing changes nothing.
      if open == 0 { (decays + 1).update(repeating: 0, count: Self.chunkSize) }
      for row in 0..<open {
        for i in 0...row { decays[i] *= rowDecays[row] }
        decays[row + 1] = 1
      }
    }
    let inputs = convolutionInputs(of: state)
    let width = sizes.convolutionDimension
    (inputs + count * width).update(from: inputs, count: (keptInputs - count) * width)
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
