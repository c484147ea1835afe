/// Byte-pair encoding: a word starts as its bytes, and the pair of neighbours whose merge has the lowest rank, the
/// leftmost of equals, is merged until no pair has a merge.
struct BytePairModel: Sendable {
  private let vocabulary: Vocabulary
  private let merges: MergeTable
  /// Ids of the single bytes; -1 where the vocabulary lacks one, which is then left out of words as in `tokenizers`.
  private let byteIDs: [Int32]
  /// The merges of two single bytes: half of all look-ups, from a table that stays in the processor's cache.
  private let byteMerges: [MergeTable.Merge]
  /// For each id whether a word that is just this token becomes this token. Most words of a text are of that kind, and
  /// one look-up settles them: it takes the place of a cache of words, and needs no lock.
  private var isWholeWord: [Bool] = []

  /// - Parameter ignoresMerges: whether a word found in the vocabulary is taken whole even if merges do not lead there.
  init(vocabulary: Vocabulary, merges: MergeTable, ignoresMerges: Bool) {
    self.vocabulary = vocabulary
    self.merges = merges
    let byteIDs = (0...255).map { byte in
      let word = [UInt8(byte)]
      return vocabulary.id(ofWord: word.span, 0..<1) ?? -1
    }
    self.byteIDs = byteIDs
    byteMerges = byteIDs.flatMap { left in byteIDs.map { right in merges.merge(left: left, right: right) } }
    if ignoresMerges {
      isWholeWord = [Bool](repeating: true, count: vocabulary.size)
      return
    }
    var isWholeWord = [Bool](repeating: false, count: vocabulary.size)
    var workspace = Workspace()
    var output: [Int32] = []
    for id in 0..<Int32(vocabulary.size) {
      let bytes = Array(vocabulary.bytes(of: id))
      guard !bytes.isEmpty, bytes.count <= vocabulary.longestToken else { continue }
      output.removeAll(keepingCapacity: true)
      merge(bytes.span, 0..<bytes.count, into: &output, workspace: &workspace)
      isWholeWord[Int(id)] = output == [id]
    }
    self.isWholeWord = isWholeWord
  }

  /// Whether every byte has a token, so that no text is lost.
  var isByteComplete: Bool { byteIDs.allSatisfy { $0 >= 0 } }

  /// Appends the tokens of one word of `text`.
  @inline(__always)
  func encode(_ text: Span<UInt8>, _ word: Range<Int>, into output: inout [Int32], workspace: inout Workspace) {
    if let id = vocabulary.id(ofWord: text, word), isWholeWord[Int(id)] {
      output.append(id)
    } else {
      merge(text, word, into: &output, workspace: &workspace)
    }
  }

  /// Memory of merging, kept from word to word.
  struct Workspace {
    fileprivate var symbols: [Symbol] = []
    fileprivate var queue = MergeQueue()
  }

  /// A token of a word that is being merged, in a doubly linked list.
  fileprivate struct Symbol {
    var id: Int32
    var previous: Int32
    /// -1 behind the last symbol.
    var next: Int32
    /// The merge with the next symbol.
    var merge: MergeTable.Merge
  }

  /// Merges by a linked list of symbols and a queue of pairs: O(n log n) for a word of n bytes.
  private func merge(_ text: Span<UInt8>, _ word: Range<Int>, into output: inout [Int32], workspace: inout Workspace) {
    fill(&workspace, with: text, word)
    if !workspace.symbols.isEmpty { merge(&workspace.symbols, &workspace.queue, into: &output) }
  }

  private func merge(_ list: inout [Symbol], _ queue: inout MergeQueue, into output: inout [Int32]) {
    var symbols = list.mutableSpan
    while let (rank, position) = queue.popFirst() {
      let left = symbols[position]
      // One of the two has been merged with something else since the pair was queued.
      guard left.merge.rank == rank else { continue }
      let right = symbols[Int(left.next)]
      symbols[Int(left.next)].merge = .none
      symbols[position].id = left.merge.merged
      symbols[position].next = right.next
      if right.next >= 0 {
        symbols[Int(right.next)].previous = Int32(truncatingIfNeeded: position)
        enqueue(position, Int(right.next), &symbols, &queue)
      } else {
        symbols[position].merge = .none
      }
      if left.previous >= 0 { enqueue(Int(left.previous), position, &symbols, &queue) }
    }
    var index = 0
    while index >= 0 {
      output.append(symbols[index].id)
      index = Int(symbols[index].next)
    }
  }

  private func fill(_ workspace: inout Workspace, with text: Span<UInt8>, _ word: Range<Int>) {
    workspace.symbols.removeAll(keepingCapacity: true)
    workspace.queue.removeAll()
    var previous: UInt8?
    for index in word {
      let byte = text[index]
      let id = byteIDs[Int(byte)]
      if id < 0 { continue }
      let position = workspace.symbols.count
      if let previous {
        let merge = byteMerges[Int(previous) << 8 | Int(byte)]
        workspace.symbols[position - 1].merge = merge
        workspace.queue.insert(merge, position: position - 1)
      }
      workspace.symbols.append(
        Symbol(
          id: id, previous: Int32(truncatingIfNeeded: position - 1), next: Int32(truncatingIfNeeded: position + 1),
          merge: .none))
      previous = byte
    }
    if !workspace.symbols.isEmpty { workspace.symbols[workspace.symbols.count - 1].next = -1 }
  }

  @inline(__always)
  private func enqueue(_ left: Int, _ right: Int, _ symbols: inout MutableSpan<Symbol>, _ queue: inout MergeQueue) {
    let merge = merges.merge(left: symbols[left].id, right: symbols[right].id)
    symbols[left].merge = merge
    queue.insert(merge, position: left)
  }
}
