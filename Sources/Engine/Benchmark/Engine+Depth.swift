/// For measuring at a depth without computing every token before it.
extension Engine {
  /// Lets a slot's sequence stand at `position`, whatever its slot and pages hold.
  func stand(slot: Int, at position: Int) { validator.stand(slot: slot, at: position) }
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
