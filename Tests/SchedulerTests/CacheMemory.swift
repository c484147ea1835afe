import Scheduler
import Testing

/// What an engine's memory would hold: in every place of every page a digest of all tokens up to there, and in every
/// slot that of the tokens its state has seen. Finds every page that is stale, shared by mistake or lost, every copy that
/// is missing or out of order, and every token computed behind others than its own.
struct CacheMemory {
  private let pageSize: Int
  private let hasStates: Bool
  private var pages: [[UInt64]]
  private var slots: [UInt64]
  /// What each slot had after each token of its last step.
  private var steps: [Int32: ArraySlice<UInt64>] = [:]

  init(_ configuration: SchedulerConfiguration) {
    pageSize = configuration.pageSize
    hasStates = configuration.needsCheckpoints
    pages = Array(repeating: Array(repeating: 0, count: pageSize), count: configuration.pageCount)
    slots = Array(repeating: 0, count: configuration.slotCount)
  }

  /// The digests of all beginnings of `tokens`, the empty one first.
  static func digests(of tokens: [Int32]) -> [UInt64] {
    var digests: [UInt64] = [0]
    digests.reserveCapacity(tokens.count + 1)
    for token in tokens { digests.append(next(digests[digests.count - 1], token)) }
    return digests
  }

  static func next(_ digest: UInt64, _ token: Int32) -> UInt64 {
    (digest &+ UInt64(UInt32(bitPattern: token)) &+ 1) &* 6_364_136_223_846_793_005 ^ (digest >> 31)
  }

  /// What is in a page, and in a slot.
  func page(_ page: Int32) -> [UInt64] { pages[Int(page)] }
  func slot(_ slot: Int32) -> UInt64 { slots[Int(slot)] }

  mutating func write(_ digests: [UInt64], to page: Int32) { pages[Int(page)] = digests }
  mutating func write(_ digest: UInt64, toSlot slot: Int32) { slots[Int(slot)] = digest }

  mutating func perform(_ copies: [CacheCopy]) {
    for copy in copies {
      switch copy {
      case .page(let source, let target): pages[Int(target)] = pages[Int(source)]
      case .slot(let source, let target): slots[Int(target)] = slots[Int(source)]
      case .slotBefore(let count, let source, let target):
        // Nothing where it cannot be taken back so far.
        slots[Int(target)] = steps[source]?.dropLast(count).last ?? 0
      }
    }
  }

  /// Writes the chunk's tokens and its guesses, and returns whether everything in front of them was there.
  ///
  /// - Parameters:
  ///   - digests: those of all beginnings of the sequence, at least to the end of what is kept.
  ///   - kept: guesses that are right; the state does not see the others.
  mutating func compute(_ chunk: SequenceChunk, digests: [UInt64], kept: Int = 0) -> Bool {
    if chunk.position == 0 { slots[chunk.slot] = 0 }
    var isSound = !hasStates || slots[chunk.slot] == digests[chunk.position]
    for index in 0..<chunk.position where isSound {
      isSound = pages[Int(chunk.pages[index / pageSize])][index % pageSize] == digests[index + 1]
    }
    let end = chunk.position + chunk.count + kept
    for index in chunk.position..<(chunk.position + chunk.count + chunk.drafts) {
      pages[Int(chunk.pages[index / pageSize])][index % pageSize] = index < end ? digests[index + 1] : .max
    }
    slots[chunk.slot] = digests[end]
    steps[Int32(chunk.slot)] = digests[chunk.position + 1...end]
    return isSound
  }
}
