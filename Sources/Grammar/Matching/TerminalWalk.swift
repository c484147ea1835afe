/// A walk through the vocabulary with one terminal, from one of its states: what `StateTable` is made of.
///
/// Where all tokens below a node consist of letters that the terminal reads freely (see `FreeLetters`), they are inner,
/// and the walk need not see them one by one. So it sees the few tokens with quotation marks, say, and not the many
/// without.
struct TerminalWalk {
  /// Inner tokens, as ranges of `TokenTrie.tokens`, ascending. If the terminal counts, they need as many units as they
  /// begin characters, and `offset` more.
  private(set) var ranges: [(tokens: Range<Int32>, offset: Int32)] = []
  /// The other inner tokens, with the number of units each needs.
  private(set) var others: [(token: Int32, cost: Int32)] = []
  /// The nodes with nodes below where a text of the terminal ends, but for some below which all tokens are inner; and
  /// the units that have then been read.
  private(set) var exits: [(node: Int32, units: Int32)] = []
  private let terminal: Terminal
  private let vocabulary: TokenVocabulary
  /// What is known about states passed lately, by their last bits.
  private var recent = Array(repeating: RecentState(state: ByteAutomaton.dead), count: 64)

  /// Where a walk is, at one depth.
  private struct Place {
    var state: Int32
    var units: Int32
    /// Letters of tokens that can be skipped, how many characters such tokens may begin, and the units that they need
    /// beside one for each character.
    var free: UInt64
    var mostCharacters: UInt8
    var offset: Int32 = 0
  }

  private struct RecentState {
    var state: Int32
    /// Nodes passed in it, while they are too few to look for letters to skip.
    var nodes = 0
    var free: FreeLetters.Found?
  }

  init(_ terminal: Terminal, _ state: Int32, _ vocabulary: TokenVocabulary) {
    self.terminal = terminal
    self.vocabulary = vocabulary
    run(from: state)
  }

  private mutating func run(from state: Int32) {
    let trie = vocabulary.trie
    let automaton = terminal.automaton
    let start = place(state, units: 0, at: trie.nodes[0], nodes: trie.nodes.count)
    var path = Array(repeating: start, count: trie.depth + 1)
    path.withUnsafeMutableBufferPointer { path in
      trie.nodes.withUnsafeBufferPointer { nodes in
        trie.letters.withUnsafeBufferPointer { letters in
          trie.mostCharacters.withUnsafeBufferPointer { mostCharacters in
            automaton.successors.withUnsafeBufferPointer { successors in
              automaton.classes.withUnsafeBufferPointer { classes in
                var index = 1
                while index < nodes.count - 1 {
                  let node = nodes[index]
                  let above = path[Int(node.depth) - 1]
                  if above.free != 0, letters[index] & ~above.free == 0, mostCharacters[index] <= above.mostCharacters {
                    add(node.firstToken..<nodes[Int(node.end)].firstToken, offset: above.offset)
                    index = Int(node.end)
                    continue
                  }
                  let transition = Int(above.state) * automaton.classCount + Int(classes[Int(node.byte)])
                  let next = successors[transition]
                  if next == ByteAutomaton.dead {
                    index = Int(node.end)
                    continue
                  }
                  let units = above.units + (terminal.counting?.increments[transition] == true ? 1 : 0)
                  add(node.firstToken..<nodes[index + 1].firstToken, state: next, units: units)
                  if Int(node.end) > index + 1 {
                    if automaton.accepting[Int(next)] { exits.append((Int32(index), units)) }
                    path[Int(node.depth)] = place(next, units: units, at: node, nodes: Int(node.end) - index)
                  }
                  index += 1
                }
              }
            }
          }
        }
      }
    }
  }

  /// The place at a node, in a state; `nodes` are to be passed below it.
  @inline(__always)
  private mutating func place(_ state: Int32, units: Int32, at node: TokenTrie.Node, nodes: Int) -> Place {
    let free = node.isBoundary ? free(in: state, nodes: nodes) : FreeLetters.Found()
    // Without an end, nothing is said about how long tokens are, so as not to cut the longest off.
    let isEndless = free.characters == Letters.mostCharacters
    return Place(
      state: state, units: units, free: free.letters,
      mostCharacters: isEndless ? .max : UInt8(clamping: Int(node.characters) + free.characters),
      offset: terminal.counting.map { units + $0.leastUnits[Int(state)] - Int32(node.characters) } ?? 0)
  }

  /// The letters to skip, once as many nodes have been passed in the state as make up for finding them.
  @inline(__always)
  private mutating func free(in state: Int32, nodes: Int) -> FreeLetters.Found {
    let slot = Int(state & 63)
    if recent[slot].state == state, let free = recent[slot].free { return free }
    return newlyFree(in: state, nodes: nodes)
  }

  private mutating func newlyFree(in state: Int32, nodes: Int) -> FreeLetters.Found {
    let slot = Int(state & 63)
    if recent[slot].state != state { recent[slot] = RecentState(state: state) }
    recent[slot].nodes += nodes
    guard recent[slot].nodes > vocabulary.broadFrom else { return FreeLetters.Found() }
    let free = terminal.freeLetters(from: state)
    recent[slot].free = free
    return free
  }

  @inline(__always)
  private mutating func add(_ tokens: Range<Int32>, offset: Int32) {
    guard !tokens.isEmpty else { return }
    if let last = ranges.last, last.tokens.upperBound == tokens.lowerBound, last.offset == offset {
      ranges[ranges.count - 1].tokens = last.tokens.lowerBound..<tokens.upperBound
    } else {
      ranges.append((tokens, offset))
    }
  }

  /// Adds tokens that end in a state.
  @inline(__always)
  private mutating func add(_ tokens: Range<Int32>, state: Int32, units: Int32) {
    guard let counting = terminal.counting else { return add(tokens, offset: 0) }
    let cost = units + counting.leastUnits[Int(state)]
    for place in tokens { others.append((vocabulary.trie.tokens[Int(place)], cost)) }
  }
}
