/// What letters (see `Letters`) a terminal can read from a state as often as it likes, whatever their order: texts of
/// these letters alone are the beginnings of texts of the terminal. A terminal that counts has to count each letter as
/// a unit.
struct FreeLetters {
  /// What can be read freely from a state.
  struct Found {
    /// The letters, as a mask of `Letters`.
    var letters: UInt64 = 0
    /// How many of them: `Letters.mostCharacters` where there is no end.
    var characters = 0
  }

  private let automaton: ByteAutomaton
  private let counting: Counting?
  private var readings: [Int32: Reading] = [:]
  private var known: [Int32: Found] = [:]
  /// A byte of each class of the automaton in the ranges that `CharacterPosition.next` has had.
  private var representatives: [(range: ClosedRange<UInt8>, bytes: [UInt8])] = []

  /// What reading one letter does.
  private struct Reading {
    /// The groups of which every letter can be read.
    var letters: UInt64 = 0
    /// Where letters of these groups lead.
    var steps: [(letters: UInt64, state: Int32)] = []
  }

  /// States that one set of letters leads to, at most.
  private static let mostStates = 96
  /// Steps to find out about one group of letters, at most.
  private static let mostSteps = 1024

  init(_ automaton: ByteAutomaton, _ counting: Counting?) {
    self.automaton = automaton
    self.counting = counting
  }

  /// A set of such letters. There may be larger ones.
  mutating func letters(from state: Int32) -> Found {
    if let found = known[state] { return found }
    var found = Found(letters: reading(state).letters, characters: Letters.mostCharacters)
    // The states that letters lead to, and how many.
    var reached: [(state: Int32, depth: Int)] = [(state, 0)]
    var next = 0
    while next < reached.count, reached[next].depth < found.characters, found.letters != 0 {
      let (from, depth) = reached[next]
      for (groups, target) in reading(from).steps
      where found.letters & groups != 0 && !reached.contains(where: { $0.state == target }) {
        let kept = found.letters & reading(target).letters
        if reached.count < Self.mostStates, kept.nonzeroBitCount * 4 >= found.letters.nonzeroBitCount * 3 {
          found.letters = kept
          reached.append((target, depth + 1))
        } else if (found.letters & ~groups).nonzeroBitCount * 4 >= found.letters.nonzeroBitCount * 3 || depth == 0 {
          // Letters that lead to where few others can be read are better left out than the others.
          found.letters &= ~groups
        } else {
          // All letters lead there: the text is at its longest.
          found.characters = depth + 1
        }
      }
      next += 1
    }
    known[state] = found
    return found
  }

  private mutating func reading(_ state: Int32) -> Reading {
    if let reading = readings[state] { return reading }
    var reading = Reading()
    for (group, bytes) in Letters.members.enumerated() {
      var search = Search(start: state, stepsLeft: Self.mostSteps)
      var seen = ByteSet()
      for byte in bytes where search.isPossible {
        var position = CharacterPosition()
        _ = position.read(byte)
        // First bytes of one class do the same, but for those that not every byte may follow.
        if position.missing == 0 || position.next == 0x80...0xBF {
          guard !seen.contains(automaton.classes[Int(byte)]) else { continue }
          seen.insert(automaton.classes[Int(byte)])
        }
        follow(state, byte, position, units: 0, &search)
      }
      guard search.isPossible, !search.ends.isEmpty else { continue }
      reading.letters |= 1 << UInt64(group)
      for end in search.ends {
        if let known = reading.steps.firstIndex(where: { $0.state == end }) {
          reading.steps[known].letters |= 1 << UInt64(group)
        } else {
          reading.steps.append((1 << UInt64(group), end))
        }
      }
    }
    readings[state] = reading
    return reading
  }

  private struct Search {
    var start: Int32
    var stepsLeft: Int
    var ends: [Int32] = []
    var isPossible = true
  }

  /// Follows a byte of a character, and whatever can follow it within the character. `position` is behind the byte.
  private mutating func follow(
    _ state: Int32, _ byte: UInt8, _ position: CharacterPosition, units: Int32, _ search: inout Search
  ) {
    search.stepsLeft -= 1
    let transition = Int(state) * automaton.classCount + Int(automaton.classes[Int(byte)])
    let target = automaton.successors[transition]
    guard target != ByteAutomaton.dead, search.stepsLeft > 0 else {
      search.isPossible = false
      return
    }
    var units = units
    if let counting {
      if counting.increments[transition] { units += 1 }
      // What is still needed, with the units read, is the same everywhere.
      let needed = counting.leastUnits[Int(search.start)]
      search.isPossible =
        search.isPossible && Counting.sum(units, counting.leastUnits[Int(target)]) == Counting.sum(1, needed)
        && (!position.isBoundary || units == 1)
    }
    guard search.isPossible else { return }
    guard !position.isBoundary else {
      if !search.ends.contains(target) { search.ends.append(target) }
      return
    }
    for byte in representatives(of: position.next) where search.isPossible {
      var after = position
      _ = after.read(byte)
      follow(target, byte, after, units: units, &search)
    }
  }

  private mutating func representatives(of range: ClosedRange<UInt8>) -> [UInt8] {
    if let known = representatives.first(where: { $0.range == range }) { return known.bytes }
    var seen = ByteSet()
    var result: [UInt8] = []
    for byte in range where !seen.contains(automaton.classes[Int(byte)]) {
      seen.insert(automaton.classes[Int(byte)])
      result.append(byte)
    }
    representatives.append((range, result))
    return result
  }
}
