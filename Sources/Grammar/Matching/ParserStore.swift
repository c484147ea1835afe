import Synchronization

/// The sets of items that matchers of one grammar share, with the masks of recent ones.
final class ParserStore: Sendable {
  private struct State: Sendable {
    var parser: ParserState
    /// Masks by set, with end tokens.
    var masks: [Int32: [UInt64]] = [:]
  }

  private let state: Mutex<State>
  let tables: TableCache
  var vocabulary: TokenVocabulary { tables.vocabulary }

  /// Masks are dropped, all at once, when there are this many.
  private static let keptMasks = 32
  /// From how many bytes on a store is left for a new one.
  private let fullFrom: Int
  /// As many, unless the first text in it needs more.
  private static let fullFrom = 16 << 20

  init(_ parser: ParserState, _ tables: TableCache) {
    // What has just been moved is not moved again at once.
    fullFrom = max(Self.fullFrom, 2 * parser.bytes)
    state = Mutex(State(parser: parser))
    self.tables = tables
  }

  /// Whether new texts should begin in another store, and old ones move.
  var isFull: Bool { state.withLock { $0.parser.bytes > fullFrom } }

  /// About how much memory it takes, beside the network.
  var bytes: Int { state.withLock { $0.parser.bytes + $0.masks.count * vocabulary.maskWords * 8 } }

  /// Whether a set could not be computed, as it would have taken too much.
  var isExhausted: Bool { state.withLock { $0.parser.isExhausted } }

  /// The set after some bytes; nil where they do not go on.
  func step(_ set: Int32, _ bytes: [UInt8]) -> Int32? {
    state.withLock { state in
      state.parser.allowance = ParserState.workPerCall
      var set = set
      for byte in bytes {
        set = state.parser.step(set, byte)
        guard set != ParserState.dead else { return nil }
      }
      return set
    }
  }

  /// Whether a text that leads to the set is a whole document, and whether anything can follow.
  func ends(_ set: Int32) -> (isComplete: Bool, continues: Bool) {
    state.withLock { state in
      let set = state.parser.sets[Int(set)]
      return (set.accepts, !set.scans.isEmpty)
    }
  }

  /// Writes the mask of a set.
  func fill(_ words: UnsafeMutableBufferPointer<UInt64>, for set: Int32) {
    state.withLock { state in
      if let mask = state.masks[set] {
        _ = words.update(fromContentsOf: mask)
        return
      }
      words.update(repeating: 0)
      state.parser.allowance = ParserState.workPerCall
      state.parser.addTokens(of: set, tables, to: words)
      if state.parser.sets[Int(set)].accepts {
        for token in vocabulary.endTokens { words[Int(token) >> 6] |= 1 << UInt64(token & 63) }
      }
      if state.masks.count >= Self.keptMasks { state.masks.removeAll(keepingCapacity: true) }
      state.masks[set] = Array(words)
    }
  }

  /// The bytes that have to follow, up to where more than one may, or where a document may end; at most `limit`.
  func forcedBytes(after set: Int32, limit: Int) -> [UInt8] {
    state.withLock { state in
      state.parser.allowance = ParserState.workPerCall
      var forced: [UInt8] = []
      var set = set
      while forced.count < limit, !state.parser.sets[Int(set)].accepts {
        var only: (byte: UInt8, set: Int32)?
        for byte in state.parser.sets[Int(set)].bytes.bytes {
          let next = state.parser.step(set, byte)
          guard next != ParserState.dead else { continue }
          if only != nil { return forced }
          only = (byte, next)
        }
        guard let only, only.byte != TokenVocabulary.markerByte else { break }
        forced.append(only.byte)
        set = only.set
      }
      return forced
    }
  }

  /// A store with only what the given sets need, and their numbers in it.
  func compacted(keeping kept: [Int32]) -> (store: ParserStore, sets: [Int32]) {
    state.withLock { state in
      let (parser, numbers) = state.parser.compacted(keeping: kept)
      return (ParserStore(parser, tables), numbers)
    }
  }
}
