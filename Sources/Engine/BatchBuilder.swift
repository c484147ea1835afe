import Models

/// Lays the inputs of a step out as a batch, in memory taken once.
struct BatchBuilder {
  private let tokens: UnsafeMutablePointer<Int32>
  private let positions: UnsafeMutablePointer<Int32>
  private let sequenceOfRow: UnsafeMutablePointer<Int32>
  private let sequences: UnsafeMutablePointer<SequenceRows>
  private let pages: UnsafeMutablePointer<Int32>

  init(_ configuration: EngineConfiguration, _ workspace: Workspace) {
    let rows = configuration.maximumStepTokens
    tokens = workspace.take(Int32.self, rows)
    positions = workspace.take(Int32.self, rows)
    sequenceOfRow = workspace.take(Int32.self, rows)
    sequences = workspace.take(SequenceRows.self, configuration.slotCount)
    pages = workspace.take(Int32.self, Self.pageEntries(configuration))
  }

  static func workspaceBytes(_ configuration: EngineConfiguration) -> Int {
    let rows = configuration.maximumStepTokens
    return Workspace.bytes(
      (Int32.self, rows), (Int32.self, rows), (Int32.self, rows), (SequenceRows.self, configuration.slotCount),
      (Int32.self, pageEntries(configuration)))
  }

  /// Sequences may share pages, so all tables together may have more entries than there are pages; one may not.
  private static func pageEntries(_ configuration: EngineConfiguration) -> Int {
    configuration.pageCount * configuration.slotCount
  }

  /// The batch of checked inputs. It is valid until the next call.
  func fill(_ inputs: [SequenceInput]) -> Batch {
    var row = 0
    var entry = 0
    for (index, input) in inputs.enumerated() {
      sequences[index] = SequenceRows(
        firstRow: row, count: input.tokens.count, position: input.position, slot: input.slot, pages: pages + entry)
      for (offset, token) in input.tokens.enumerated() {
        tokens[row] = token
        positions[row] = Int32(input.position + offset)
        sequenceOfRow[row] = Int32(index)
        row += 1
      }
      for page in input.pages.prefix(input.neededPages) {
        pages[entry] = page
        entry += 1
      }
    }
    return Batch(
      rowCount: row, tokens: tokens, positions: positions,
      sequences: UnsafeBufferPointer(start: sequences, count: inputs.count), sequenceOfRow: sequenceOfRow)
  }
}

extension SequenceInput {
  /// Pages that its positions up to its last token need.
  var neededPages: Int {
    (position + tokens.count + EngineConfiguration.pageSize - 1) / EngineConfiguration.pageSize
  }
}
