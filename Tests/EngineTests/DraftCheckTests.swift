import Engine
import Testing

@Suite struct DraftCheckTests {
  /// Two known tokens and three guesses; `choices` is what would be chosen after each of the five.
  @Test(arguments: [
    ([7, 1, 2, 3, 4], [1, 2, 3, 4], 5), ([7, 1, 2, 9, 4], [1, 2, 9], 4), ([7, 1, 9, 3, 4], [1, 9], 3),
    ([7, 9, 2, 3, 4], [9], 2),
  ])
  func guessesStandWhileTheyAreRight(choices: [Int32], expected: [Int32], kept: Int) {
    var check = DraftCheck(tokens: [5, 6, 1, 2, 3], known: 2)
    for index in 0..<5 { check.take(index) { choices[index] } }
    #expect(check.choices == expected)
    #expect(check.kept == kept)
  }

  @Test func aTextIsExpectedToRepeatItself() {
    var lookup = PromptLookup()
    #expect(lookup.guesses(3).isEmpty)
    lookup.append([1, 2, 3, 4, 5, 1])
    #expect(lookup.guesses(3).isEmpty)
    lookup.append([2])
    #expect(lookup.guesses(3) == [3, 4, 5])
    #expect(lookup.guesses(9) == [3, 4, 5, 1, 2])
    // The most recent occurrence counts.
    lookup.append([8, 1, 2])
    #expect(lookup.guesses(1) == [8])
  }
}
