import Engine
import Testing

/// The length that pays best, with step times of 1 + 0.2 k and an acceptance drawn evenly.
@Suite struct DraftLengthTests {
  private func settled(maximum: Int, acceptance: Int, of total: Int, cost: (Int) -> Double) -> [Int] {
    var length = DraftLength(maximum: maximum, adapts: true)
    var used: [Int] = []
    var guesses = 0
    for _ in 0..<600 {
      let drafted = length.next
      used.append(drafted)
      var accepted = 0
      while accepted < drafted, guesses % total < acceptance {
        accepted += 1
        guesses += 1
      }
      if accepted < drafted { guesses += 1 }
      length.record(drafted: drafted, accepted: accepted, seconds: cost(drafted))
    }
    return used
  }

  @Test func goodGuessesAreMade() {
    let used = settled(maximum: 4, acceptance: 9, of: 10) { 1 + 0.2 * Double($0) }
    #expect(used.suffix(100).count { $0 >= 3 } > 90)
  }

  @Test func badGuessesStop() {
    let used = settled(maximum: 4, acceptance: 0, of: 10) { 1 + 0.2 * Double($0) }
    // Only the trials are left.
    #expect(used.suffix(256).reduce(0, +) == 2)
  }

  @Test func dearGuessesStop() {
    let used = settled(maximum: 2, acceptance: 9, of: 10) { 1 + 2 * Double($0) }
    #expect(used.suffix(256).reduce(0, +) == 2)
  }

  @Test func aSlowFirstStepIsForgotten() {
    var first = true
    let used = settled(maximum: 1, acceptance: 9, of: 10) { drafted in
      guard drafted == 1, first else { return 1 + 0.2 * Double(drafted) }
      first = false
      return 10
    }
    #expect(used.dropFirst(160).count { $0 == 1 } > 430)
  }

  @Test func aFixedLengthStays() {
    var length = DraftLength(maximum: 3, adapts: false)
    length.record(drafted: 3, accepted: 0, seconds: 9)
    #expect(length.next == 3)
    #expect(DraftLength(maximum: 0, adapts: true).next == 0)
  }
}
