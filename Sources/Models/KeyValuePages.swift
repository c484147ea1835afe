package import Kernels
package import ModelFiles

/// How one full-attention layer's keys and values lie in a page.
///
/// Each key-value head has its keys, then its values, then (for integers) the scales of the keys and of the values.
/// Both are cut into panels of 32 columns: keys by position, so that a panel's rows are the elements of 32 positions;
/// values by element, a row a position. Products with either then read memory in order.
package struct KeyValueLayout: Sendable, Hashable {
  /// How numbers are stored.
  package let element: CacheElement
  let headCount: Int
  let dimension: Int

  /// The layout for a configuration.
  package init(_ attention: AttentionConfiguration, _ element: CacheElement) {
    self.element = element
    headCount = attention.keyValueHeadCount
    dimension = attention.headDimension
  }

  /// Positions that a panel of keys, or elements that a panel of values, has side by side.
  private var width: Int { Kernels.panelWidth }
  /// Panels of a head's values.
  var valuePanels: Int { Kernels.panelCount(columns: dimension) }
  var keyPanelBytes: Int { dimension * width * element.byteCount }
  var valuePanelBytes: Int { KeyValuePages.pageSize * width * element.byteCount }
  private var keyBytes: Int { KeyValuePages.pageSize / width * keyPanelBytes }
  private var valueBytes: Int { valuePanels * valuePanelBytes }
  private var scaleBytes: Int { element == .int8 ? KeyValuePages.pageSize * MemoryLayout<Float>.stride : 0 }
  private var headBytes: Int { keyBytes + valueBytes + 2 * scaleBytes }

  /// Bytes of one layer in one page.
  package var byteCount: Int { headCount * headBytes }

  /// One head's part of a page.
  func head(_ head: Int, of page: UnsafeMutableRawPointer) -> KeyValueHead {
    let keys = page + head * headBytes
    let values = keys + keyBytes
    guard element == .int8 else { return KeyValueHead(keys: keys, values: values, keyScales: nil, valueScales: nil) }
    let scales = (values + valueBytes).assumingMemoryBound(to: Float.self)
    return KeyValueHead(
      keys: keys, values: values, keyScales: scales, valueScales: scales + KeyValuePages.pageSize)
  }

  /// Writes the key and value, `dimension` floats each, of a position of a page.
  ///
  /// - Parameter scratch: `dimension` floats, rounded up to eight: numbers are encoded eight at a time.
  func store(
    key: UnsafePointer<Float>, value: UnsafePointer<Float>, at offset: Int, head: Int, of page: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let head = self.head(head, of: page)
    let size = element.byteCount
    let encoded = UnsafeMutableRawPointer(scratch)
    let keyScale = CacheEncoding.encode(key, count: dimension, element, to: encoded)
    let keys = head.keys + offset / width * keyPanelBytes + offset % width * size
    scatter(encoded, to: keys)
    let valueScale = CacheEncoding.encode(value, count: dimension, element, to: encoded)
    for panel in 0..<valuePanels {
      let count = min(width, dimension - panel * width)
      (head.values + panel * valuePanelBytes + offset * width * size)
        .copyMemory(from: encoded + panel * width * size, byteCount: count * size)
    }
    head.keyScales?[offset] = keyScale
    head.valueScales?[offset] = valueScale
  }

  /// Writes the elements of a key, a panel's row apart.
  private func scatter(_ encoded: UnsafeRawPointer, to keys: UnsafeMutableRawPointer) {
    func scatter<Bits: BitwiseCopyable>(_: Bits.Type) {
      let source = encoded.assumingMemoryBound(to: Bits.self)
      let target = keys.assumingMemoryBound(to: Bits.self)
      for i in 0..<dimension { target[i * width] = source[i] }
    }
    switch element {
    case .f32: scatter(UInt32.self)
    case .f16, .bf16: scatter(UInt16.self)
    case .int8: scatter(UInt8.self)
    }
  }
}

/// One key-value head's part of one page.
struct KeyValueHead {
  let keys: UnsafeMutableRawPointer
  let values: UnsafeMutableRawPointer
  /// What the keys, and the values, of each position are to be multiplied by; nil for types that need none.
  let keyScales: UnsafeMutablePointer<Float>?
  let valueScales: UnsafeMutablePointer<Float>?
}

/// The key-value pages of one full-attention layer.
package struct KeyValuePages: @unchecked Sendable {
  /// Positions a page holds.
  package static let pageSize = 64

  let layout: KeyValueLayout
  private let base: UnsafeMutableRawPointer
  private let pageStride: Int

  /// Pages that start `pageStride` bytes apart, each aligned to four bytes.
  package init(_ layout: KeyValueLayout, base: UnsafeMutableRawPointer, pageStride: Int) {
    self.layout = layout
    self.base = base
    self.pageStride = pageStride
  }

  func page(_ index: Int32) -> UnsafeMutableRawPointer { base + Int(index) * pageStride }
}
