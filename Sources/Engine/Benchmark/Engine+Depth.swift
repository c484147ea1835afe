import Foundation
import Tensor

/// For measuring at a depth without computing every token before it.
extension Engine {
  /// Lets a slot's sequence stand at `position`, whatever its slot and pages hold.
  func stand(slot: Int, at position: Int) { validator.stand(slot: slot, at: position) }

  /// Makes a page's contents another's, in all layers.
  func copyPage(_ source: Int32, to target: Int32) {
    Self.copy(blocks[0], Int(source), to: Int(target), of: configuration.pageCount)
  }

  /// Makes a slot's state another's, in all layers.
  func copySlot(_ source: Int, to target: Int) {
    Self.copy(blocks[1], source, to: target, of: configuration.slotCount)
  }

  private static func copy(_ block: MemoryBlock, _ source: Int, to target: Int, of count: Int) {
    let size = block.byteCount / count
    guard source != target else { return }
    memcpy(block.base + target * size, block.base + source * size, size)
  }
}

extension ModelWork.CacheBytes {
  /// The bytes an engine has allocated.
  public init(of engine: Engine) {
    let (sizes, memory) = (engine.configuration, engine.memory)
    self.init(
      perPosition: Double(memory.pages) / Double(sizes.pageCount * EngineConfiguration.pageSize),
      perSlot: Double(memory.slots) / Double(sizes.slotCount))
  }
}
