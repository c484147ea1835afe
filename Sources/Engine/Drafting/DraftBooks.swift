/// Where the rows of the last step stand, and how far the multi-token-prediction head has followed, slot by slot.
struct DraftBooks {
  /// The rows that a slot's sequence had in a step.
  struct Rows {
    /// The step, counted from 1.
    var step = 0
    /// The first of them among the step's rows.
    var first = 0
    /// The position of the first.
    var position = 0
    /// How many there are, without those that were taken back.
    var count = 0
  }

  private var rows: [Rows]
  /// The next position that the head has not seen.
  private(set) var followed: [Int]
  private var step = 0

  init(slotCount: Int) {
    rows = Array(repeating: Rows(), count: slotCount)
    followed = Array(repeating: 0, count: slotCount)
  }

  /// Records a step.
  mutating func advance(_ inputs: [SequenceInput]) {
    step += 1
    var first = 0
    for input in inputs {
      if input.position == 0 { followed[input.slot] = 0 }
      rows[input.slot] = Rows(step: step, first: first, position: input.position, count: input.tokens.count)
      first += input.tokens.count
    }
  }

  /// A slot's rows in the last step; nil if it had none.
  func lastRows(ofSlot slot: Int) -> Rows? { rows[slot].step == step ? rows[slot] : nil }

  /// Records that a slot's last rows were taken back.
  mutating func retract(_ count: Int, slot: Int) {
    rows[slot].count -= count
    followed[slot] = min(followed[slot], rows[slot].position + rows[slot].count)
  }

  /// Records that the head has seen a slot's positions up to `position`, without it.
  mutating func follow(slot: Int, to position: Int) { followed[slot] = position }

  /// Records that a slot was filled with a sequence of `position` tokens, of which the head has seen those before
  /// `followed`.
  mutating func stand(slot: Int, at position: Int, followed: Int) {
    rows[slot].step = 0
    self.followed[slot] = min(followed, position)
  }
}
