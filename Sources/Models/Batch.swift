/// The consecutive rows of a batch that belong to one sequence.
package struct SequenceRows: BitwiseCopyable {
  /// The first of its rows in the batch.
  package var firstRow: Int
  /// How many rows it has.
  package var count: Int
  /// The position of its first row in the sequence.
  package var position: Int
  /// Its state slot.
  package var slot: Int
  /// Its pages in order, covering all its positions up to the last row.
  package var pages: UnsafePointer<Int32>

  /// The rows of one sequence.
  package init(firstRow: Int, count: Int, position: Int, slot: Int, pages: UnsafePointer<Int32>) {
    self.firstRow = firstRow
    self.count = count
    self.position = position
    self.slot = slot
    self.pages = pages
  }
}

/// The tokens one step processes: rows of several sequences, one after another. All of it is already checked.
package struct Batch {
  /// Rows in all.
  package var rowCount: Int
  /// A token a row.
  package var tokens: UnsafePointer<Int32>
  /// The position of each row in its sequence.
  package var positions: UnsafePointer<Int32>
  /// Who the rows belong to.
  package var sequences: UnsafeBufferPointer<SequenceRows>
  /// The sequence, as an index into `sequences`, of each row.
  package var sequenceOfRow: UnsafePointer<Int32>

  /// A batch.
  package init(
    rowCount: Int, tokens: UnsafePointer<Int32>, positions: UnsafePointer<Int32>,
    sequences: UnsafeBufferPointer<SequenceRows>, sequenceOfRow: UnsafePointer<Int32>
  ) {
    self.rowCount = rowCount
    self.tokens = tokens
    self.positions = positions
    self.sequences = sequences
    self.sequenceOfRow = sequenceOfRow
  }
}
