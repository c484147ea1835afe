/// Byte-pair encoding: a word starts as its bytes, and the pair of neighbours whose merge has the lowest rank, the
/// leftmost of equals, is merged until no pair has a merge.
struct BytePairModel: Sendable {
  private let vocabulary: Vocabulary
  private let merges: MergeTable
  /// Ids of the single bytes; nil where the vocabulary lacks one, which is then left out of words as in `tokenizers`.
  private let byteIDs: [Int32?]
  /// For each id whether a word that is just this token becomes this token. Most words of a text are of that kind, and
  /// one look-up settles them: it takes the place of a cache of words, and needs no lock.
  private var isWholeWord: [Bool] = []

  /// - Parameter ignoresMerges: whether a word found in the vocabulary is taken whole even if merges do not lead there.
  init(vocabulary: Vocabulary, merges: MergeTable, ignoresMerges: Bool) {
    self.vocabulary = vocabulary
    self.merges = merges
    byteIDs = (0...255).map { byte in
      let word = [UInt8(byte)]
      return vocabulary.id(ofWord: word.span, 0..<1)
    }
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
  var isByteComplete: Bool { byteIDs.allSatisfy { $0 != nil } }

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
    fileprivate struct Symbol {
      var id: Int32
      var previous: Int32
      /// -1 behind the last symbol.
      var next: Int32
    }

    fileprivate var symbols: [Symbol] = []
    fileprivate var queue = MergeQueue()
  }

  /// Merges by a linked list of symbols and a queue of pairs: O(n log n) for a word of n bytes.
  private func merge(_ text: Span<UInt8>, _ word: Range<Int>, into output: inout [Int32], workspace: inout Workspace) {
    fill(&workspace, with: text, word)
    while let (rank, position) = workspace.queue.popFirst() {
      let left = workspace.symbols[position]
      // A pair one of whose symbols has been merged since it was queued is stale: its rank is another one now.
      guard left.id >= 0, left.next >= 0,
        let merge = merges.merge(left: left.id, right: workspace.symbols[Int(left.next)].id), merge.rank == rank
      else { continue }
      let right = workspace.symbols[Int(left.next)]
      workspace.symbols[Int(left.next)].id = -1
      workspace.symbols[position].id = merge.merged
      workspace.symbols[position].next = right.next
      if right.next >= 0 {
        workspace.symbols[Int(right.next)].previous = Int32(truncatingIfNeeded: position)
        enqueue(position, Int(right.next), &workspace)
      }
      if left.previous >= 0 { enqueue(Int(left.previous), position, &workspace) }
    }
    var index = workspace.symbols.isEmpty ? -1 : 0
    while index >= 0 {
      output.append(workspace.symbols[index].id)
      index = Int(workspace.symbols[index].next)
    }
  }

  private func fill(_ workspace: inout Workspace, with text: Span<UInt8>, _ word: Range<Int>) {
    workspace.symbols.removeAll(keepingCapacity: true)
    workspace.queue.removeAll()
    for index in word {
      guard let id = byteIDs[Int(text[index])] else { continue }
      let position = Int32(truncatingIfNeeded: workspace.symbols.count)
      workspace.symbols.append(Workspace.Symbol(id: id, previous: position - 1, next: position + 1))
    }
    guard !workspace.symbols.isEmpty else { return }
    workspace.symbols[workspace.symbols.count - 1].next = -1
    for position in 0..<workspace.symbols.count - 1 { enqueue(position, position + 1, &workspace) }
  }

  @inline(__always)
  private func enqueue(_ left: Int, _ right: Int, _ workspace: inout Workspace) {
    if let merge = merges.merge(left: workspace.symbols[left].id, right: workspace.symbols[right].id) {
      workspace.queue.insert(rank: merge.rank, position: left)
    }
  }
}
