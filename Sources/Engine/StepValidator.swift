import ModelFiles

/// Refuses inputs that would read or write outside their own pages and slots, and knows where each slot stands.
struct StepValidator {
  private let configuration: EngineConfiguration
  private let vocabularySize: Int
  private let contextLength: Int
  /// The next position of each slot's sequence.
  private var nextPositions: [Int]
  /// The number of the input that last named each slot. Inputs are numbered from 1 on, over all steps.
  private var slotNamed: [UInt64]
  /// The number of the input that last named each page, and whether it writes it.
  private var pageNamed: [UInt64]
  private var pageWritten: [Bool]
  private var inputNumber: UInt64 = 0
  private var firstOfStep: UInt64 = 1

  init(_ configuration: EngineConfiguration, _ model: ModelConfiguration) {
    self.configuration = configuration
    vocabularySize = model.vocabularySize
    contextLength = model.contextLength
    nextPositions = Array(repeating: 0, count: configuration.slotCount)
    slotNamed = Array(repeating: 0, count: configuration.slotCount)
    pageNamed = Array(repeating: 0, count: configuration.pageCount)
    pageWritten = Array(repeating: false, count: configuration.pageCount)
  }

  /// Checks a step's inputs; changes nothing that a later check depends on.
  mutating func check(_ inputs: [SequenceInput]) throws(EngineError) {
    begin()
    var tokenCount = 0
    for (index, input) in inputs.enumerated() {
      inputNumber += 1
      guard !input.tokens.isEmpty else { throw .emptyInput(input: index) }
      tokenCount += input.tokens.count
      guard tokenCount <= configuration.maximumStepTokens else {
        throw .tooManyTokens(
          count: inputs.reduce(0) { $0 + $1.tokens.count }, limit: configuration.maximumStepTokens)
      }
      try checkSlot(input, index)
      try checkTokens(input, index)
      try checkPages(input, index)
    }
  }

  /// Starts a set of inputs that are to be checked against each other.
  mutating func begin() { firstOfStep = inputNumber + 1 }

  /// Checks the tokens and pages of an input that is no step's; its slot is known to be right.
  mutating func checkRows(_ input: SequenceInput, _ index: Int) throws(EngineError) {
    inputNumber += 1
    try checkTokens(input, index)
    try checkPages(input, index)
  }

  private func checkTokens(_ input: SequenceInput, _ index: Int) throws(EngineError) {
    for token in input.tokens where token < 0 || Int(token) >= vocabularySize {
      throw .invalidToken(input: index, token: token, vocabularySize: vocabularySize)
    }
    let (end, overflow) = input.position.addingReportingOverflow(input.tokens.count)
    guard !overflow, end <= contextLength else {
      throw .contextExceeded(input: index, length: overflow ? .max : end, limit: contextLength)
    }
  }

  /// Lets a slot's sequence stand at `position`.
  mutating func stand(slot: Int, at position: Int) { nextPositions[slot] = position }

  /// Where a slot's sequence stands.
  func position(ofSlot slot: Int) -> Int { nextPositions[slot] }

  /// Records that the checked inputs were processed.
  mutating func advance(_ inputs: [SequenceInput]) {
    for input in inputs { nextPositions[input.slot] = input.position + input.tokens.count }
  }

  private mutating func checkSlot(_ input: SequenceInput, _ index: Int) throws(EngineError) {
    guard nextPositions.indices.contains(input.slot) else {
      throw .invalidSlot(input: index, slot: input.slot, slotCount: configuration.slotCount)
    }
    guard slotNamed[input.slot] < firstOfStep else { throw .slotUsedTwice(input: index, slot: input.slot) }
    slotNamed[input.slot] = inputNumber
    guard input.position == 0 || input.position == nextPositions[input.slot] else {
      throw .unexpectedPosition(input: index, expected: nextPositions[input.slot], found: input.position)
    }
  }

  /// A page that is written may appear once only; pages that are only read may be shared between inputs.
  private mutating func checkPages(_ input: SequenceInput, _ index: Int) throws(EngineError) {
    guard input.pages.count >= input.neededPages else {
      throw .tooFewPages(input: index, expected: input.neededPages, found: input.pages.count)
    }
    let firstWritten = input.position / EngineConfiguration.pageSize
    for (order, page) in input.pages.prefix(input.neededPages).enumerated() {
      guard page >= 0, Int(page) < pageNamed.count else {
        throw .invalidPage(input: index, page: page, pageCount: configuration.pageCount)
      }
      let (page, isWritten) = (Int(page), order >= firstWritten)
      let isShared = pageNamed[page] >= firstOfStep
      let mayShare = !isWritten && !pageWritten[page] && pageNamed[page] != inputNumber
      guard !isShared || mayShare else { throw .pageShared(input: index, page: Int32(page)) }
      pageNamed[page] = inputNumber
      pageWritten[page] = isWritten
    }
  }
}
