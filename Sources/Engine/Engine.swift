public import Kernels
public import ModelFiles
public import Models
import Tensor

/// Advances sequences by steps: owns the key-value pages, the state slots, the worker threads and all memory a step
/// needs, allocated once.
///
/// An engine has one user at a time. A token's arithmetic depends on its own sequence alone: not on the other inputs
/// of a step, on how a prompt was cut into inputs, or on the number of threads.
public final class Engine: ForwardEngine {
  /// The model this engine runs.
  public let model: LanguageModel
  /// What was allocated.
  public let configuration: EngineConfiguration
  /// The bytes that were allocated.
  public let memory: MemoryNeed

  /// Rows of logits that are computed at a time.
  static let logitRows = 16

  let caches: SequenceCaches
  let executor: Executor
  var validator: StepValidator
  let batch: BatchBuilder
  /// The normalised output of the last step's rows.
  let output: UnsafeMutablePointer<Float>
  /// The multi-token-prediction head's rows; nil where there is no such head.
  let draftRows: DraftRows?
  /// Where the multi-token-prediction head stands in each slot's sequence.
  var draftBooks: DraftBooks
  private let wantedHidden: UnsafeMutablePointer<Float>
  private let wantedRows: UnsafeMutablePointer<WantedRow>
  let logits: UnsafeMutablePointer<Float>
  /// The memory of the pages, of the slots and of the workspace.
  let blocks: [MemoryBlock]

  /// The number of logits of a token.
  public var vocabularySize: Int { model.configuration.vocabularySize }

  /// The instruction set its kernels use.
  public var instructionSet: InstructionSet { executor.kernels.instructionSet }

  /// Allocates everything and starts the threads.
  ///
  /// - Parameter kernels: the widest the processor offers, unless a test compares.
  public convenience init(
    model: LanguageModel, configuration: EngineConfiguration, kernels: Kernels = Kernels()
  ) throws(EngineError) {
    try self.init(
      model: model, configuration: configuration, kernels: kernels,
      leastSharedWork: Executor.defaultLeastSharedWork)
  }

  /// - Parameter leastSharedWork: multiplications below which a job stays on the caller's thread; tests of threads set
  ///   it to 0, since their models are small.
  package init(
    model: LanguageModel, configuration: EngineConfiguration, kernels: Kernels, leastSharedWork: Int
  ) throws(EngineError) {
    try configuration.validate()
    let sizes = model.configuration
    let memory = Self.memory(for: sizes, configuration)
    let pages = try MemoryBlock(byteCount: memory.pages, purpose: "key-value pages")
    let slots = try MemoryBlock(byteCount: memory.slots, purpose: "state slots")
    let working = try MemoryBlock(byteCount: memory.workspace, purpose: "the workspace")
    let workers: WorkerPool
    do {
      workers = try WorkerPool(
        threadCount: configuration.threads, processorCount: ProcessorTopology().concurrency)
    } catch {
      throw .threadCreationFailed(code: error.code)
    }
    let tokens = configuration.maximumStepTokens
    let need = WorkspaceNeed(sizes, tokens: tokens)
    let workspace = Workspace(base: working.base, byteCount: memory.workspace)
    executor = Executor(
      kernels: kernels, workers: workers, workspace: workspace, need: need, compute: configuration.compute,
      leastSharedWork: leastSharedWork)
    batch = BatchBuilder(configuration, workspace)
    output = workspace.floats(tokens * sizes.hiddenSize)
    draftRows = sizes.hasDraftHead ? DraftRows(configuration, hiddenSize: sizes.hiddenSize, workspace) : nil
    draftBooks = DraftBooks(slotCount: configuration.slotCount)
    wantedHidden = workspace.floats(Self.logitRows * sizes.hiddenSize)
    wantedRows = workspace.take(WantedRow.self, Self.logitRows)
    logits = workspace.floats(Self.logitRows * sizes.vocabularySize)
    caches = SequenceCaches(
      SequenceCaches.Layout(sizes, configuration.cacheTypes), pages: pages.base, slots: slots.base)
    validator = StepValidator(configuration, sizes)
    self.model = model
    self.configuration = configuration
    self.memory = memory
    blocks = [pages, slots, working]
  }

  /// The bytes an engine for a model of these sizes would allocate. The weights come on top.
  public static func memory(for model: ModelConfiguration, _ configuration: EngineConfiguration) -> MemoryNeed {
    let tokens = configuration.maximumStepTokens
    let need = WorkspaceNeed(model, tokens: tokens)
    let workspace =
      Executor.workspaceBytes(need, threads: configuration.threads)
      + BatchBuilder.workspaceBytes(configuration)
      + Workspace.bytes(
        (Float.self, tokens * model.hiddenSize), (Float.self, logitRows * model.hiddenSize),
        (WantedRow.self, logitRows), (Float.self, logitRows * model.vocabularySize))
      + (model.hasDraftHead ? DraftRows.workspaceBytes(configuration, hiddenSize: model.hiddenSize) : 0)
      + need.forwardBytes
    let layout = SequenceCaches.Layout(model, configuration.cacheTypes)
    return MemoryNeed(
      pages: configuration.pageCount * layout.pageBytes, slots: configuration.slotCount * layout.slotBytes,
      workspace: workspace)
  }

  /// Processes every input and hands out the logits asked for; see `ForwardEngine`.
  public func step(
    _ inputs: [SequenceInput], logits receive: (_ input: Int, _ token: Int, _ row: UnsafeBufferPointer<Float>) -> Void
  ) throws(EngineError) {
    try validator.check(inputs)
    guard !inputs.isEmpty else { return }
    // Before memory is touched behind which there is no file any more, where it was cut short between two steps.
    try checkFiles()
    for input in inputs where input.position == 0 { caches.clear(slot: input.slot) }
    model.forward(batch.fill(inputs), caches, output: output, executor)
    validator.advance(inputs)
    draftBooks.advance(inputs)
    keepOutputs(inputs)
    try computeLogits(inputs, receive)
  }

  private func checkFiles() throws(EngineError) {
    if let path = model.changedFile { throw .weightsChanged(path: path) }
  }

  // MARK: - Logits

  /// A row whose logits are wanted.
  private struct WantedRow: BitwiseCopyable {
    var input: Int
    var token: Int
  }

  /// Computes the wanted rows' logits, some rows at a time.
  private func computeLogits(
    _ inputs: [SequenceInput], _ receive: (_ input: Int, _ token: Int, _ row: UnsafeBufferPointer<Float>) -> Void
  ) throws(EngineError) {
    let size = model.configuration.hiddenSize
    var count = 0
    var firstRow = 0
    for index in inputs.indices {
      for token in inputs[index].wantedTokens {
        (wantedHidden + count * size).update(from: output + (firstRow + token) * size, count: size)
        wantedRows[count] = WantedRow(input: index, token: token)
        count += 1
        if count == Self.logitRows {
          try handOutLogits(count, receive)
          count = 0
        }
      }
      firstRow += inputs[index].tokens.count
    }
    try handOutLogits(count, receive)
  }

  private func handOutLogits(
    _ count: Int, _ receive: (_ input: Int, _ token: Int, _ row: UnsafeBufferPointer<Float>) -> Void
  ) throws(EngineError) {
    guard count > 0 else { return }
    model.logits(of: wantedHidden, rows: count, to: logits, executor)
    // Behind all that the logits were computed from, and before anybody sees them.
    try checkFiles()
    for row in 0..<count {
      receive(
        wantedRows[row].input, wantedRows[row].token,
        UnsafeBufferPointer(start: logits + row * vocabularySize, count: vocabularySize))
    }
  }
}

extension MemoryBlock {
  convenience init(byteCount: Int, purpose: String) throws(EngineError) {
    do {
      try self.init(byteCount: byteCount)
    } catch {
      throw .outOfMemory(byteCount: byteCount, purpose: purpose)
    }
  }
}

extension SequenceInput {
  /// The tokens whose logits are wanted.
  public var wantedTokens: Range<Int> {
    switch logits {
    case .none: 0..<0
    case .last: tokens.count - 1..<tokens.count
    case .suffix(let count): max(0, tokens.count - count)..<tokens.count
    case .all: 0..<tokens.count
    }
  }
}
