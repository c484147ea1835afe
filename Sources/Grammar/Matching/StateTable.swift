/// What one state of a terminal allows of the vocabulary, whatever surrounds the terminal.
///
/// A token is *inner* if the terminal can read all of it. Other tokens may leave the terminal on the way: their first
/// bytes end a text of the terminal (at an *exit*), and what follows decides about the rest.
final class StateTable: Sendable {
  /// The number of units that the dearest inner token needs, up to the end of the unit it is in; 0 without counting.
  let greatestCost: Int32
  /// Units that a token can have ended when it leaves, at most.
  let greatestUnits: Int32
  /// Whether tokens leave with a rest that `RestTrie` has.
  var hasRests: Bool { !exitSites.isEmpty }
  /// The bytes that other rests begin with.
  let otherBytes: ByteSet

  /// Inner tokens that are many.
  private let masks: [TokenMask]
  /// The other inner tokens in order of cost, and where each cost begins.
  private let others: [Int32]
  private let costStarts: [Int32]
  /// The sites (see `RestTrie`) that are exits, as a mask; empty if none is.
  private let exitSites: [UInt64]
  /// If the terminal counts, by word of `exitSites`, the exits before it; and by exit, the units read.
  private let exitsBefore: [Int32]
  private let exitUnits: [Int32]
  /// Nodes one byte behind exits where the byte begins no rest of `RestTrie`, by that byte; and where each byte begins,
  /// unless there are none.
  private let children: [Child]
  private let childStarts: [Int32]

  /// Tokens as a mask. If the terminal counts, they need as many units as they begin characters, and `offset` more.
  private struct TokenMask {
    var words: [UInt64]
    var offset: Int32
  }

  /// A node of the vocabulary's trie one byte behind an exit.
  struct Child: Sendable {
    var node: Int32
    var units: Int32
    var byte: UInt8
  }

  init(_ terminal: Terminal, _ state: Int32, _ vocabulary: TokenVocabulary) {
    let walk = TerminalWalk(terminal, state, vocabulary)
    var sorted = walk.others
    var masks: [TokenMask] = []
    for offset in Set(walk.ranges.map(\.offset)) {
      let ranges = walk.ranges.filter { $0.offset == offset }.map(\.tokens)
      let count = ranges.reduce(0) { $0 + $1.count }
      if count > vocabulary.broadFrom {
        masks.append(TokenMask(words: Self.mask(ranges, vocabulary, count), offset: offset))
      } else {
        for place in ranges.joined() {
          let cost = terminal.counting == nil ? 0 : Int32(vocabulary.trie.characters[Int(place)]) + offset
          sorted.append((vocabulary.trie.tokens[Int(place)], cost))
        }
      }
    }
    self.masks = masks
    let greatest = sorted.reduce(0) { max($0, $1.cost) }
    (others, costStarts) = Self.ordered(sorted, greatest: greatest)
    greatestCost =
      terminal.counting == nil
      ? 0 : masks.reduce(greatest) { max($0, Int32(Letters.mostCharacters) + $1.offset) }
    greatestUnits = walk.exits.reduce(0) { max($0, $1.units) }
    let sites = walk.exits.filter { vocabulary.trie.nodes[Int($0.node)].hasRests }
    var exitSites: [UInt64] = []
    if !sites.isEmpty {
      exitSites = Array(repeating: 0, count: (vocabulary.rests.sites.count + 63) / 64)
      for exit in sites {
        let site = vocabulary.rests.site(of: exit.node)
        exitSites[site >> 6] |= 1 << UInt64(site & 63)
      }
    }
    self.exitSites = exitSites
    if terminal.counting == nil {
      (exitsBefore, exitUnits) = ([], [])
    } else {
      var before: Int32 = 0
      exitsBefore = exitSites.map { word in
        defer { before += Int32(word.nonzeroBitCount) }
        return before
      }
      exitUnits = sites.map(\.units)
    }
    (children, childStarts) = Self.children(of: walk.exits, vocabulary.trie)
    otherBytes = ByteSet(children.map(\.byte))
  }

  /// A mask of tokens. If they are more than half of all, the others are taken out instead.
  private static func mask(_ ranges: [Range<Int32>], _ vocabulary: TokenVocabulary, _ count: Int) -> [UInt64] {
    let tokens = vocabulary.trie.tokens
    let isMost = count > tokens.count / 2
    var mask = isMost ? vocabulary.contents : Array(repeating: 0, count: vocabulary.maskWords)
    mask.withUnsafeMutableBufferPointer { mask in
      tokens.withUnsafeBufferPointer { tokens in
        var end = 0
        for range in ranges {
          if isMost {
            for token in tokens[end..<Int(range.lowerBound)] { mask[Int(token) >> 6] &= ~(1 << UInt64(token & 63)) }
            end = Int(range.upperBound)
          } else {
            for token in tokens[Int(range.lowerBound)..<Int(range.upperBound)] {
              mask[Int(token) >> 6] |= 1 << UInt64(token & 63)
            }
          }
        }
        if isMost { for token in tokens[end...] { mask[Int(token) >> 6] &= ~(1 << UInt64(token & 63)) } }
      }
    }
    return mask
  }

  private static func ordered(
    _ tokens: [(token: Int32, cost: Int32)], greatest: Int32
  ) -> (tokens: [Int32], starts: [Int32]) {
    var starts = Array(repeating: Int32(0), count: Int(greatest) + 2)
    for (_, cost) in tokens { starts[Int(cost) + 1] += 1 }
    for cost in 0...Int(greatest) { starts[cost + 1] += starts[cost] }
    var places = starts
    var ordered = Array(repeating: Int32(0), count: tokens.count)
    for (token, cost) in tokens {
      ordered[Int(places[Int(cost)])] = token
      places[Int(cost)] += 1
    }
    return (ordered, starts)
  }

  private static func children(
    of exits: [(node: Int32, units: Int32)], _ trie: TokenTrie
  ) -> (children: [Child], starts: [Int32]) {
    var found: [Child] = []
    trie.nodes.withUnsafeBufferPointer { nodes in
      for (node, units) in exits {
        var child = Int(node) + 1
        while child < Int(nodes[Int(node)].end) {
          let byte = nodes[child].byte
          if !RestTrie.begins(with: byte) { found.append(Child(node: Int32(child), units: units, byte: byte)) }
          child = Int(nodes[child].end)
        }
      }
    }
    guard let first = found.first else { return ([], []) }
    var starts = Array(repeating: Int32(0), count: 257)
    for child in found { starts[Int(child.byte) + 1] += 1 }
    for byte in 0..<256 { starts[byte + 1] += starts[byte] }
    var places = starts
    var ordered = Array(repeating: first, count: found.count)
    for child in found {
      ordered[Int(places[Int(child.byte)])] = child
      places[Int(child.byte)] += 1
    }
    return (ordered, starts)
  }

  /// Adds to a mask the inner tokens that need no more than `units` units.
  func addInner(to words: UnsafeMutableBufferPointer<UInt64>, units: Int32, _ vocabulary: TokenVocabulary) {
    for mask in masks {
      let most = Int(units) - Int(mask.offset)
      guard most > 0 else { continue }
      mask.words.withUnsafeBufferPointer { mask in
        if most >= Letters.mostCharacters {
          for index in 0..<min(mask.count, words.count) { words[index] |= mask[index] }
        } else {
          vocabulary.contentsUpTo[most].withUnsafeBufferPointer { short in
            for index in 0..<min(mask.count, words.count) { words[index] |= mask[index] & short[index] }
          }
        }
      }
    }
    guard units >= 0 else { return }
    let end = costStarts[min(Int(units), costStarts.count - 2) + 1]
    for token in others[..<Int(end)] { words[Int(token) >> 6] |= 1 << UInt64(token & 63) }
  }

  /// Whether tokens leave behind a site, with a number of units in the range.
  @inline(__always)
  func leaves(atSite site: Int32, units: ClosedRange<Int32>) -> Bool {
    let word = exitSites[Int(site) >> 6]
    let bit: UInt64 = 1 << UInt64(site & 63)
    guard word & bit != 0 else { return false }
    guard !exitsBefore.isEmpty else { return true }
    let exit = Int(exitsBefore[Int(site) >> 6]) + (word & (bit - 1)).nonzeroBitCount
    return units.contains(exitUnits[exit])
  }

  /// The nodes one byte behind exits, for a byte of `otherBytes`.
  func children(_ byte: UInt8) -> ArraySlice<Child> {
    children[Int(childStarts[Int(byte)])..<Int(childStarts[Int(byte) + 1])]
  }

  /// About how much memory it takes.
  var bytes: Int {
    let masks = masks.reduce(0) { $0 + $1.words.count * 8 }
    let integers = others.count + costStarts.count + exitsBefore.count + exitUnits.count + childStarts.count
    return 256 + masks + exitSites.count * 8 + integers * 4 + children.count * 12
  }
}
