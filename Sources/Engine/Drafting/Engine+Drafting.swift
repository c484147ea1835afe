import ModelFiles
import Models

/// A sequence of the last step whose next tokens are to be guessed.
public struct DraftRequest: Sendable, Hashable {
  /// Its state slot.
  public var slot: Int
  /// The tokens that the last step processed and that still stand.
  public var tokens: [Int32]
  /// The token that follows them; nil while the prompt goes on, when nothing is guessed.
  public var next: Int32?
  /// Tokens to guess.
  public var count: Int
  /// The sequence's pages in order, covering `count` positions beyond those processed.
  public var pages: [Int32]

  /// A request.
  public init(slot: Int, tokens: [Int32], next: Int32?, count: Int, pages: [Int32]) {
    self.slot = slot
    self.tokens = tokens
    self.next = next
    self.count = count
    self.pages = pages
  }
}

/// Multi-token prediction: after a step, the head follows what was processed and guesses what comes. A later step
/// verifies the guesses, and those that were wrong are taken back.
extension Engine {
  /// Whether the model has a multi-token-prediction head.
  public var canDraft: Bool { draftRows != nil }

  /// Guesses that may follow a token at `position` in one step: a delta net's chunk is folded into its matrix when the
  /// next one begins, and what is folded cannot be taken back.
  public static func draftLimit(after position: Int) -> Int {
    let chunk = DeltaStateLayout.chunkSize
    let last = position % chunk
    return last == chunk - 1 ? chunk : chunk - 1 - last
  }

  /// Takes back the last tokens of a slot's sequence; see `ForwardEngine`.
  public func retract(_ count: Int, slot: Int) throws(EngineError) {
    guard count > 0 else { return }
    let rows = try retractableRows(count, slot: slot)
    takeBack(count, of: rows, slot: slot)
    draftBooks.retract(count, slot: slot)
  }

  /// A slot's rows in the last step, if the last `count` of them can be taken back.
  func retractableRows(_ count: Int, slot: Int) throws(EngineError) -> DraftBooks.Rows {
    guard let rows = draftBooks.lastRows(ofSlot: slot), count < rows.count,
      count <= configuration.cacheTypes.retractableRows,
      count <= Self.draftLimit(after: rows.position + rows.count - 1 - count)
    else { throw .notRetractable(slot: slot, count: count) }
    return rows
  }

  /// Takes rows back from the slot that had them, or a copy of it.
  func takeBack(_ count: Int, of rows: DraftBooks.Rows, slot: Int) {
    let position = rows.position + rows.count - count
    caches.retract(count, slot: slot, to: position)
    validator.stand(slot: slot, at: position)
    if canDraft { keepOutput(ofRow: rows.first + rows.count - count - 1, slot: slot) }
  }

  /// Lets the head follow, and guess; see `ForwardEngine`.
  public func draft(
    _ requests: [DraftRequest], choose: (_ request: Int, _ row: UnsafeBufferPointer<Float>) -> Int32
  ) throws(EngineError) {
    guard let draftRows else { return }
    validator.begin()
    var active: [Int] = []
    for (index, request) in requests.enumerated() {
      try check(request, index)
      if request.next != nil, request.count > 0 { active.append(index) }
    }
    follow(requests, active, draftRows)

    let size = model.configuration.hiddenSize
    var guess = 1
    while !active.isEmpty {
      var inputs: [SequenceInput] = []
      var going: [Int] = []
      for first in stride(from: 0, to: active.count, by: Self.logitRows) {
        let count = min(Self.logitRows, active.count - first)
        model.logits(of: draftRows.guesses + first * size, rows: count, to: logits, executor)
        for row in first..<first + count {
          let request = requests[active[row]]
          let logits = UnsafeBufferPointer(start: logits + (row - first) * vocabularySize, count: vocabularySize)
          let token = choose(active[row], logits)
          guard guess < request.count else { continue }
          // Rows that go on move up; none is overwritten before its logits were computed.
          (draftRows.batch + going.count * size).update(from: draftRows.guesses + row * size, count: size)
          going.append(active[row])
          inputs.append(
            SequenceInput(
              tokens: [token], position: validator.position(ofSlot: request.slot) + guess, slot: request.slot,
              pages: request.pages, logits: .none))
        }
      }
      if !inputs.isEmpty {
        model.draft(
          batch.fill(inputs), caches, previous: draftRows.batch, output: draftRows.guesses, executor)
      }
      active = going
      guess += 1
    }
  }

  /// Keeps for the head what it needs of a step: the outputs before it and after it.
  func keepOutputs(_ inputs: [SequenceInput]) {
    guard let draftRows else { return }
    let size = model.configuration.hiddenSize
    var row = 0
    for input in inputs {
      (draftRows.outputsBefore + input.slot * size).update(from: caches.lastOutput(ofSlot: input.slot), count: size)
      row += input.tokens.count
      keepOutput(ofRow: row - 1, slot: input.slot)
    }
  }
}

// MARK: - Parts

extension Engine {
  private func keepOutput(ofRow row: Int, slot: Int) {
    let size = model.configuration.hiddenSize
    caches.lastOutput(ofSlot: slot).update(from: output + row * size, count: size)
  }

  private func check(_ request: DraftRequest, _ index: Int) throws(EngineError) {
    guard let rows = draftBooks.lastRows(ofSlot: request.slot), rows.count == request.tokens.count else {
      throw .notDraftable(request: index, slot: request.slot)
    }
    // The token after the processed ones and all guesses but the last leave rows in the pages.
    let added = (request.next.map { [$0] } ?? []) + Array(repeating: 0, count: max(0, request.count - 1))
    try validator.checkRows(
      SequenceInput(
        tokens: request.tokens + added, position: rows.position, slot: request.slot, pages: request.pages,
        logits: .none), index)
  }

  /// Gives the head every position it has not seen, and leaves its output for the last one of each `active` request.
  private func follow(_ requests: [DraftRequest], _ active: [Int], _ draftRows: DraftRows) {
    let size = model.configuration.hiddenSize
    var inputs: [SequenceInput] = []
    var owners: [Int] = []
    var rowCount = 0

    func flush() {
      guard !inputs.isEmpty else { return }
      model.draft(batch.fill(inputs), caches, previous: draftRows.batch, output: draftRows.batch, executor)
      var row = 0
      for (input, owner) in zip(inputs, owners) {
        row += input.tokens.count
        // The last piece of a request overwrites what an earlier one left.
        if let place = active.firstIndex(of: owner) {
          (draftRows.guesses + place * size).update(from: draftRows.batch + (row - 1) * size, count: size)
        }
      }
      inputs = []
      owners = []
      rowCount = 0
    }

    for (index, request) in requests.enumerated() {
      guard let rows = draftBooks.lastRows(ofSlot: request.slot) else { continue }
      let tokens = request.tokens + (request.next.map { [$0] } ?? [])
      let end = rows.position + tokens.count
      // Where the head was not asked to follow, it goes on after a gap, and guesses less well for it.
      var position = max(draftBooks.followed[request.slot], rows.position)
      while position < end {
        if rowCount == configuration.maximumStepTokens { flush() }
        let count = min(end - position, configuration.maximumStepTokens - rowCount)
        let offset = position - rows.position
        for row in 0..<count {
          let source =
            offset + row == 0
            ? draftRows.outputsBefore + request.slot * size : output + (rows.first + offset + row - 1) * size
          (draftRows.batch + (rowCount + row) * size).update(from: source, count: size)
        }
        inputs.append(
          SequenceInput(
            tokens: Array(tokens[offset..<offset + count]), position: position, slot: request.slot,
            pages: request.pages, logits: .none))
        owners.append(index)
        rowCount += count
        position += count
      }
      draftBooks.follow(slot: request.slot, to: end)
    }
    flush()
  }
}
