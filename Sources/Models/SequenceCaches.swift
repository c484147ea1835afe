package import ModelFiles

/// The storage of all sequences: key-value pages and state slots, one block of memory each. A page, and a slot, holds
/// its layers one after another.
package struct SequenceCaches: @unchecked Sendable {
  private let pageBase: UnsafeMutablePointer<Float>
  private let slotBase: UnsafeMutablePointer<Float>
  private let pageLayerFloats: Int
  private let slotLayerFloats: Int
  private let pageFloats: Int
  private let slotFloats: Int

  /// Caches in memory of `floatsPerPage` floats a page and `floatsPerSlot` floats a slot.
  package init(
    _ configuration: ModelConfiguration, pages: UnsafeMutablePointer<Float>, slots: UnsafeMutablePointer<Float>
  ) {
    pageBase = pages
    slotBase = slots
    pageLayerFloats = KeyValuePages.floatsPerPage(configuration.attention)
    slotLayerFloats = DeltaStateLayout(configuration.linearAttention).floats
    pageFloats = Self.floatsPerPage(configuration)
    slotFloats = Self.floatsPerSlot(configuration)
  }

  /// Floats of a page, over all full-attention layers.
  package static func floatsPerPage(_ configuration: ModelConfiguration) -> Int {
    configuration.layerKinds.count { $0 == .fullAttention } * KeyValuePages.floatsPerPage(configuration.attention)
  }

  /// Floats of a slot, over all linear-attention layers.
  package static func floatsPerSlot(_ configuration: ModelConfiguration) -> Int {
    configuration.layerKinds.count { $0 == .linearAttention }
      * DeltaStateLayout(configuration.linearAttention).floats
  }

  /// The pages of the full-attention layer that is `index`-th of its kind.
  func pages(_ index: Int) -> KeyValuePages {
    KeyValuePages(base: pageBase + index * pageLayerFloats, pageStride: pageFloats)
  }

  /// The states of the linear-attention layer that is `index`-th of its kind.
  func states(_ index: Int) -> DeltaStates {
    DeltaStates(base: slotBase + index * slotLayerFloats, slotStride: slotFloats)
  }

  /// Puts a slot into the state before a sequence's first token: all zeros.
  package func clear(slot: Int) { (slotBase + slot * slotFloats).update(repeating: 0, count: slotFloats) }
}
