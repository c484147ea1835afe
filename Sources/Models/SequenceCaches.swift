package import ModelFiles

/// The storage of all sequences: key-value pages and state slots, one block of memory each. A page, and a slot, holds
/// its layers one after another.
package struct SequenceCaches: @unchecked Sendable {
  /// How large pages and slots are.
  package struct Layout: Sendable, Hashable {
    let page: KeyValueLayout
    let state: DeltaStateLayout
    /// Where a slot keeps the output of its sequence's last token, for the multi-token-prediction head.
    let lastOutput: Int
    let linearLayerCount: Int
    /// Bytes of a page, over all full-attention layers.
    package let pageBytes: Int
    /// Bytes of a slot, over all linear-attention layers.
    package let slotBytes: Int

    /// The layout for a configuration.
    package init(_ configuration: ModelConfiguration, _ types: CacheTypes) {
      page = KeyValueLayout(configuration.attention, types.keyValue)
      state = DeltaStateLayout(configuration.linearAttention, types.state, retractableRows: types.retractableRows)
      let headLayers = configuration.hasDraftHead ? 1 : 0
      pageBytes = (configuration.attentionLayerCount + headLayers) * page.byteCount
      linearLayerCount = configuration.layerCount - configuration.attentionLayerCount
      lastOutput = linearLayerCount * state.byteCount
      slotBytes = lastOutput + (4 * headLayers * configuration.hiddenSize + 63) / 64 * 64
    }
  }

  private let layout: Layout
  private let pages: UnsafeMutableRawPointer
  private let slots: UnsafeMutableRawPointer

  /// Caches in memory of `pageBytes` a page and `slotBytes` a slot, aligned to 64 bytes.
  package init(_ layout: Layout, pages: UnsafeMutableRawPointer, slots: UnsafeMutableRawPointer) {
    self.layout = layout
    self.pages = pages
    self.slots = slots
  }

  /// The pages of the full-attention layer that is `index`-th of its kind.
  func pages(_ index: Int) -> KeyValuePages {
    KeyValuePages(layout.page, base: pages + index * layout.page.byteCount, pageStride: layout.pageBytes)
  }

  /// The states of the linear-attention layer that is `index`-th of its kind.
  func states(_ index: Int) -> DeltaStates {
    DeltaStates(layout.state, base: slots + index * layout.state.byteCount, slotStride: layout.slotBytes)
  }

  /// Takes back the last `count` tokens of a slot's sequence, which then has `position`, all of them after the chunk
  /// boundary at which its matrices stand.
  package func retract(_ count: Int, slot: Int, to position: Int) {
    let open = position - (position + count - 1) / DeltaStateLayout.chunkSize * DeltaStateLayout.chunkSize
    for layer in 0..<layout.linearLayerCount {
      layout.state.retract(count, leaving: open, of: states(layer).slot(slot))
    }
  }

  /// The normalised output of the last token of a slot's sequence, `hiddenSize` floats.
  package func lastOutput(ofSlot slot: Int) -> UnsafeMutablePointer<Float> {
    (slots + slot * layout.slotBytes + layout.lastOutput).assumingMemoryBound(to: Float.self)
  }

  /// Puts a slot into the state before a sequence's first token: all zeros.
  package func clear(slot: Int) {
    bytes(ofSlot: slot).initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// The bytes of a page, all its layers.
  package func bytes(ofPage page: Int32) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: pages + Int(page) * layout.pageBytes, count: layout.pageBytes)
  }

  /// The bytes of a slot, all its layers.
  package func bytes(ofSlot slot: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: slots + slot * layout.slotBytes, count: layout.slotBytes)
  }
}
