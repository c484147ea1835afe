import ModelFiles
import Models

/// Copies of pages and slots, and their bytes.
extension Engine {
  /// Bytes of a page of the key-value cache; 0 for a model without full attention.
  public var pageByteCount: Int { memory.pages / configuration.pageCount }

  /// Bytes of a state slot; 0 for a model without linear attention.
  public var slotByteCount: Int { memory.slots / configuration.slotCount }

  /// Makes `target` a copy of a page.
  public func copyPage(from source: Int32, to target: Int32) throws(EngineError) {
    try copy(UnsafeRawBufferPointer(try bytes(ofPage: source)), to: try bytes(ofPage: target), size: pageByteCount)
  }

  /// Makes `target` a copy of a slot as it was before the last `count` tokens of the step just made; see `ForwardEngine`.
  public func copySlot(from source: Int32, to target: Int32, before count: Int) throws(EngineError) {
    let (from, to) = (UnsafeRawBufferPointer(try bytes(ofSlot: source)), try bytes(ofSlot: target))
    let rows = count > 0 ? try retractableRows(count, slot: Int(source)) : nil
    try copy(from, to: to, size: slotByteCount)
    let position = validator.position(ofSlot: Int(source)) - (rows == nil ? 0 : count)
    validator.stand(slot: Int(target), at: position)
    draftBooks.stand(slot: Int(target), at: position, followed: draftBooks.followed[Int(source)])
    if let rows { takeBack(count, of: rows, slot: Int(target)) }
  }

  /// Copies a page's bytes to `bytes`.
  public func readPage(_ page: Int32, into bytes: UnsafeMutableRawBufferPointer) throws(EngineError) {
    try copy(UnsafeRawBufferPointer(try self.bytes(ofPage: page)), to: bytes, size: pageByteCount)
  }

  /// Restores a page from bytes that were read from one.
  public func writePage(_ page: Int32, from bytes: UnsafeRawBufferPointer) throws(EngineError) {
    try copy(bytes, to: try self.bytes(ofPage: page), size: pageByteCount)
  }

  /// Copies a slot's bytes to `bytes`, and returns where its sequence stands.
  public func readSlot(_ slot: Int32, into bytes: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
    try copy(UnsafeRawBufferPointer(try self.bytes(ofSlot: slot)), to: bytes, size: slotByteCount)
    return validator.position(ofSlot: Int(slot))
  }

  /// Restores a slot from bytes that were read from one which stood at `position`.
  public func writeSlot(_ slot: Int32, position: Int, from bytes: UnsafeRawBufferPointer) throws(EngineError) {
    guard (0...model.configuration.contextLength).contains(position) else {
      throw .noSuchPosition(position, contextLength: model.configuration.contextLength)
    }
    try copy(bytes, to: try self.bytes(ofSlot: slot), size: slotByteCount)
    validator.stand(slot: Int(slot), at: position)
    draftBooks.stand(slot: Int(slot), at: position, followed: position)
  }

  private func bytes(ofPage page: Int32) throws(EngineError) -> UnsafeMutableRawBufferPointer {
    guard (0..<configuration.pageCount).contains(Int(page)) else {
      throw .noSuchPage(page, pageCount: configuration.pageCount)
    }
    return caches.bytes(ofPage: page)
  }

  private func bytes(ofSlot slot: Int32) throws(EngineError) -> UnsafeMutableRawBufferPointer {
    guard (0..<configuration.slotCount).contains(Int(slot)) else {
      throw .noSuchSlot(slot, slotCount: configuration.slotCount)
    }
    return caches.bytes(ofSlot: Int(slot))
  }

  /// Copies all of `source`; `size` is what a page or slot has.
  private func copy(
    _ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, size: Int
  ) throws(EngineError) {
    for count in [source.count, target.count] where count != size {
      throw .wrongByteCount(expected: size, found: count)
    }
    target.copyMemory(from: source)
  }
}
