import Engine
import Scheduler

/// Stands in for the engine: computes digests in place of keys, values and states, keeps them in pages and slots as the
/// engine keeps those, and notices whatever the engine could not: a page or a state that is another sequence's.
final class SimulatedEngine: ForwardEngine {
  let vocabularySize: Int
  private let world: World
  private let script: ModelScript
  private let pageSize: Int
  private let hasStates: Bool
  private let longest: Int
  private let budget: Int
  private let faults: Scenario.Faults
  /// Nanoseconds of a step, and of each of its tokens.
  private let cost: (step: Int, token: Int)
  /// By slot, the digest after each token so far.
  private var slots: [[UInt64]]
  /// The digest after each of a page's tokens.
  private var pages: [UInt64]
  private var row: [Float]

  init(_ world: World, _ script: ModelScript, _ scenario: Scenario) {
    self.world = world
    self.script = script
    vocabularySize = script.vocabularySize
    pageSize = scenario.scheduler.pageSize
    hasStates = scenario.scheduler.needsCheckpoints
    longest = scenario.contextLength + 1
    budget = scenario.scheduler.stepTokenBudget
    faults = scenario.faults
    cost = scenario.stepCost
    slots = Array(repeating: [], count: scenario.scheduler.slotCount)
    pages = Array(repeating: 0, count: scenario.scheduler.pageCount * scenario.scheduler.pageSize)
    row = Array(repeating: 0, count: vocabularySize)
  }

  func step(
    _ inputs: [SequenceInput], logits: (_ input: Int, _ token: Int, _ row: UnsafeBufferPointer<Float>) -> Void
  ) throws(EngineError) {
    let count = inputs.reduce(0) { $0 + $1.tokens.count }
    if count > budget { world.fail("a step of \(count) tokens, and the budget is \(budget)") }
    world.pass(Int64(world.int(cost.step / 2...cost.step) + count * cost.token))
    if world.happens(faults.stall) { world.standStill(world.int(1...30)) }
    if world.happens(faults.engine) { throw .outOfMemory(byteCount: 1, purpose: "simulation") }
    if !hasStates { for input in inputs { readPages(of: input) } }
    check(inputs)
    guard world.violation == nil else { throw .outOfMemory(byteCount: 0, purpose: "a violated invariant") }
    for (index, input) in inputs.enumerated() {
      if input.position == 0 { slots[input.slot] = [] }
      for (offset, token) in input.tokens.enumerated() {
        let position = slots[input.slot].count
        let digest = ModelScript.digest(slots[input.slot].last ?? ModelScript.start, token)
        slots[input.slot].append(digest)
        pages[Int(input.pages[position / pageSize]) * pageSize + position % pageSize] = digest
        guard input.wantedTokens.contains(offset) else { continue }
        let next = Int(script.next(digest))
        row[next] = 1000
        row.withUnsafeBufferPointer { logits(index, offset, $0) }
        row[next] = 0
      }
    }
  }

  /// A model without states has nothing but pages to go on from.
  private func readPages(of input: SequenceInput) {
    slots[input.slot] = (0..<input.position).map {
      pages[Int(input.pages[$0 / pageSize]) * pageSize + $0 % pageSize]
    }
  }

  private func check(_ inputs: [SequenceInput]) {
    var written: Set<Int32> = []
    var used: Set<Int> = []
    for input in inputs {
      let seen = slots[input.slot]
      guard input.position == 0 || input.position == seen.count else {
        return world.fail("slot \(input.slot) stands at \(seen.count), and \(input.position) is asked for")
      }
      if !used.insert(input.slot).inserted { world.fail("slot \(input.slot) is used twice in a step") }
      let end = input.position + input.tokens.count
      guard input.pages.count * pageSize >= end else { return world.fail("too few pages for \(end) tokens") }
      for order in 0..<(input.position + pageSize - 1) / pageSize {
        let last = min((order + 1) * pageSize, input.position) - 1
        if pages[Int(input.pages[order]) * pageSize + last % pageSize] != seen[last] {
          world.fail("page \(input.pages[order]) does not hold the tokens that slot \(input.slot) has seen")
        }
      }
      for order in input.position / pageSize...(end - 1) / pageSize
      where !written.insert(input.pages[order]).inserted {
        world.fail("page \(input.pages[order]) is written by two sequences")
      }
    }
  }

  // MARK: - Guesses

  var canDraft: Bool { false }

  func retract(_ count: Int, slot: Int) throws(EngineError) { slots[slot].removeLast(count) }

  func draft(
    _ requests: [DraftRequest], choose: (_ request: Int, _ row: UnsafeBufferPointer<Float>) -> Int32
  ) throws(EngineError) {}

  // MARK: - Copies

  var pageByteCount: Int { pageSize * MemoryLayout<UInt64>.stride }
  var slotByteCount: Int { longest * MemoryLayout<UInt64>.stride }

  private func page(_ number: Int32) -> Range<Int> { Int(number) * pageSize..<(Int(number) + 1) * pageSize }

  func copyPage(from source: Int32, to target: Int32) throws(EngineError) {
    pages.replaceSubrange(page(target), with: Array(pages[page(source)]))
  }

  func copySlot(from source: Int32, to target: Int32, before count: Int) throws(EngineError) {
    slots[Int(target)] = slots[Int(source)].dropLast(count)
  }

  func readPage(_ number: Int32, into bytes: UnsafeMutableRawBufferPointer) throws(EngineError) {
    pages[page(number)].withUnsafeBytes { bytes.copyMemory(from: $0) }
  }

  func writePage(_ number: Int32, from bytes: UnsafeRawBufferPointer) throws(EngineError) {
    pages.replaceSubrange(page(number), with: Array(bytes.bindMemory(to: UInt64.self)))
  }

  func readSlot(_ slot: Int32, into bytes: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
    slots[Int(slot)].withUnsafeBytes { bytes.copyMemory(from: $0) }
    return slots[Int(slot)].count
  }

  func writeSlot(_ slot: Int32, position: Int, from bytes: UnsafeRawBufferPointer) throws(EngineError) {
    slots[Int(slot)] = Array(bytes.bindMemory(to: UInt64.self).prefix(position))
  }
}
