import Engine
import Kernels
import ModelFiles
import Models
import Testing

/// A sequence whose pages and slot were copied, or taken out as bytes and put back, continues bit for bit.
@Suite struct TransferTests {
  private func expectContinuations(
    _ reference: ReferenceModel, cuts: [Int], _ caches: CacheTypes, _ set: InstructionSet
  ) throws {
    let ids = reference.longest
    let whole = try reference.engine(caches: caches, set).logits(ids)
    let engine = try reference.engine(caches: caches, set)
    let other = try reference.engine(threads: 2, caches: caches, set)
    let pageCount = Int32(ids.count / EngineConfiguration.pageSize + 1)
    for cut in cuts where cut < ids.count {
      let expected = Array(whole[cut...])
      _ = try engine.logits(Array(ids.prefix(cut)))
      let used = Int32((cut + EngineConfiguration.pageSize - 1) / EngineConfiguration.pageSize)
      let saved = try engine.saved(slot: 0, pages: Array(0..<used))

      // A copy within the engine, while the original goes another way.
      for page in 0..<used { try engine.copyPage(from: page, to: page + pageCount) }
      try engine.copySlot(from: 0, to: 5)
      _ = try engine.logits(Array(ids.suffix(20)), from: cut, pages: Array(0..<pageCount))
      let copied = try engine.logits(Array(ids[cut...]), from: cut, slot: 5, pages: Array(pageCount..<2 * pageCount))
      #expect(copied == expected, "\(reference.name) \(caches) \(set), copied at \(cut)")

      // Another engine, in pages and a slot that others have used.
      _ = try other.logits(Array(ids.reversed()), slot: 3, pages: (0..<pageCount).reversed())
      try other.restore(saved, slot: 3, pages: Array(0..<used))
      let restored = try other.logits(Array(ids[cut...]), from: cut, chunk: 7, slot: 3, pages: Array(0..<pageCount))
      #expect(restored == expected, "\(reference.name) \(caches) \(set), restored at \(cut)")
    }
  }

  @Test(arguments: ReferenceModel.names) func everyModelContinues(name: String) throws {
    // In the middle of a chunk and of a page, at the end of a chunk, at the end of a page.
    try expectContinuations(ReferenceModel(name), cuts: [37, 48, 64], CacheTypes(), .best)
  }

  @Test(arguments: ["f32-interval4", "llama-bf16"], CacheTypeTests.types)
  func everyCacheTypeContinuesOnEveryInstructionSet(name: String, types: CacheTypes) throws {
    let reference = try ReferenceModel(name)
    for set in InstructionSet.available { try expectContinuations(reference, cuts: [75], types, set) }
  }

  @Test func aCopiedSlotStandsWhereTheOtherStands() throws {
    let engine = try ReferenceModel("f32-interval4").engine(slots: 2)
    _ = try engine.logits([1, 2, 3])
    try engine.copySlot(from: 0, to: 1)
    #expect(throws: EngineError.unexpectedPosition(input: 0, expected: 3, found: 2)) {
      try engine.step([SequenceInput(tokens: [1], position: 2, slot: 1, pages: [0], logits: .none)]) { _, _, _ in }
    }
    _ = try engine.logits([4], from: 3, slot: 1)
  }

  /// A copy of a slot as it was before a step's last tokens is the slot that never had them, in every chunk.
  @Test(arguments: [CacheTypes(retractableRows: 4), CacheTypes(keyValue: .int8, state: .bf16, retractableRows: 4)])
  func aCopyFromBeforeTheLastTokensContinues(types: CacheTypes) throws {
    for set in InstructionSet.available {
      let reference = try ReferenceModel("f32-interval4")
      let ids = reference.longest
      let whole = try reference.engine(caches: types, set).logits(ids)
      let engine = try reference.engine(caches: types, set)
      for (cut, count) in [(37, 1), (47, 1), (48, 1), (48, 4), (60, 4), (64, 2), (30, 0)] {
        _ = try engine.logits(Array(ids.prefix(cut + count)))
        try engine.copySlot(from: 0, to: 3, before: count)
        #expect(
          try engine.logits(Array(ids[cut...]), from: cut, slot: 3) == Array(whole[cut...]), "\(count) behind \(cut)")
      }
      // More than can be taken back; beyond a boundary; all of the step's; after another step.
      for (end, count) in [(40, 5), (49, 3)] {
        _ = try engine.logits(Array(ids.prefix(end)))
        #expect(throws: EngineError.notRetractable(slot: 0, count: count)) {
          try engine.copySlot(from: 0, to: 3, before: count)
        }
      }
      _ = try engine.logits([ids[49]], from: 49)
      #expect(throws: EngineError.notRetractable(slot: 0, count: 1)) { try engine.copySlot(from: 0, to: 3, before: 1) }
      #expect(throws: EngineError.noSuchSlot(99, slotCount: 8)) { try engine.copySlot(from: 99, to: 3, before: 1) }
    }
  }

  @Test func whatIsOutsideThePoolsIsRefused() throws {
    let reference = try ReferenceModel("f32-interval4")
    let engine = try reference.engine(pages: 4, slots: 2)
    let context = reference.model.configuration.contextLength
    #expect(engine.pageByteCount > 0 && engine.slotByteCount > 0)
    for page in [-1, 4] as [Int32] {
      #expect(throws: EngineError.noSuchPage(page, pageCount: 4)) { try engine.copyPage(from: page, to: 0) }
      #expect(throws: EngineError.noSuchPage(page, pageCount: 4)) { try engine.copyPage(from: 0, to: page) }
    }
    for slot in [-1, 2] as [Int32] {
      #expect(throws: EngineError.noSuchSlot(slot, slotCount: 2)) { try engine.copySlot(from: slot, to: 0) }
      #expect(throws: EngineError.noSuchSlot(slot, slotCount: 2)) { try engine.copySlot(from: 0, to: slot) }
    }
    let slot = [UInt8](repeating: 0, count: engine.slotByteCount)
    for position in [-1, context + 1] {
      #expect(throws: EngineError.noSuchPosition(position, contextLength: context)) {
        try slot.withUnsafeBytes { try engine.writeSlot(0, position: position, from: $0) }
      }
    }
    let page = [UInt8](repeating: 0, count: engine.pageByteCount + 1)
    #expect(throws: EngineError.wrongByteCount(expected: page.count - 1, found: page.count)) {
      try page.withUnsafeBytes { try engine.writePage(0, from: $0) }
    }
    // Nothing has moved the slot.
    _ = try engine.logits([1, 2, 3])
  }
}

/// What a sequence left behind.
private struct SavedSequence {
  let position: Int
  let slot: [UInt8]
  let pages: [[UInt8]]
}

extension Engine {
  fileprivate func saved(slot: Int32, pages: [Int32]) throws -> SavedSequence {
    var bytes = [UInt8](repeating: 0, count: slotByteCount)
    let position = try bytes.withUnsafeMutableBytes { try readSlot(slot, into: $0) }
    let pages = try pages.map { page in
      var bytes = [UInt8](repeating: 0, count: pageByteCount)
      try bytes.withUnsafeMutableBytes { try readPage(page, into: $0) }
      return bytes
    }
    return SavedSequence(position: position, slot: bytes, pages: pages)
  }

  fileprivate func restore(_ saved: SavedSequence, slot: Int32, pages: [Int32]) throws {
    try saved.slot.withUnsafeBytes { try writeSlot(slot, position: saved.position, from: $0) }
    for (page, bytes) in zip(pages, saved.pages) { try bytes.withUnsafeBytes { try writePage(page, from: $0) } }
  }
}
