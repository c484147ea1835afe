public import Engine
import Synchronization

/// Passes steps on to another engine, writes them down, and can be made to wait or fail before one.
public final class ObservedEngine: ForwardEngine {
  /// The number of logits of a token.
  public var vocabularySize: Int { base.vocabularySize }

  private let base: any ForwardEngine
  private let log: StepLog
  private let beforeStep: @Sendable (_ number: Int) throws(EngineError) -> Void

  /// - Parameters:
  ///   - log: where the steps are written down.
  ///   - beforeStep: called with the step's number, from 0, on the engine's thread: may wait, or throw.
  public init(
    _ base: any ForwardEngine, log: StepLog,
    beforeStep: @escaping @Sendable (_ number: Int) throws(EngineError) -> Void = { _ in }
  ) {
    self.base = base
    self.log = log
    self.beforeStep = beforeStep
  }

  /// Writes the step down, and lets the other engine compute it.
  public func step(
    _ inputs: [SequenceInput], logits: (_ input: Int, _ token: Int, _ row: UnsafeBufferPointer<Float>) -> Void
  ) throws(EngineError) {
    let number = log.steps.count
    log.append(inputs)
    try beforeStep(number)
    try base.step(inputs, logits: logits)
  }

  /// Whether the other engine can.
  public var canDraft: Bool { base.canDraft }

  /// Lets the other engine take back.
  public func retract(_ count: Int, slot: Int) throws(EngineError) { try base.retract(count, slot: slot) }

  /// Lets the other engine guess.
  public func draft(
    _ requests: [DraftRequest], choose: (_ request: Int, _ row: UnsafeBufferPointer<Float>) -> Int32
  ) throws(EngineError) {
    try base.draft(requests, choose: choose)
  }

  /// Bytes of the other engine's pages.
  public var pageByteCount: Int { base.pageByteCount }

  /// Bytes of the other engine's slots.
  public var slotByteCount: Int { base.slotByteCount }

  /// Lets the other engine copy.
  public func copyPage(from source: Int32, to target: Int32) throws(EngineError) {
    try base.copyPage(from: source, to: target)
  }

  /// Lets the other engine copy.
  public func copySlot(from source: Int32, to target: Int32, before count: Int) throws(EngineError) {
    try base.copySlot(from: source, to: target, before: count)
  }

  /// Lets the other engine copy.
  public func readPage(_ page: Int32, into bytes: UnsafeMutableRawBufferPointer) throws(EngineError) {
    try base.readPage(page, into: bytes)
  }

  /// Lets the other engine copy.
  public func writePage(_ page: Int32, from bytes: UnsafeRawBufferPointer) throws(EngineError) {
    try base.writePage(page, from: bytes)
  }

  /// Lets the other engine copy.
  public func readSlot(_ slot: Int32, into bytes: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
    try base.readSlot(slot, into: bytes)
  }

  /// Lets the other engine copy.
  public func writeSlot(_ slot: Int32, position: Int, from bytes: UnsafeRawBufferPointer) throws(EngineError) {
    try base.writeSlot(slot, position: position, from: bytes)
  }
}

/// What an engine was asked to compute, step by step.
public final class StepLog: Sendable {
  private let state = Mutex<[[SequenceInput]]>([])

  /// An empty log.
  public init() {}

  /// The inputs of each step so far.
  public var steps: [[SequenceInput]] { state.withLock { $0 } }

  func append(_ inputs: [SequenceInput]) { state.withLock { $0.append(inputs) } }
}
