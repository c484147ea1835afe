import Models

/// The memory that drafting takes beside a step's: rows of `hiddenSize` floats.
struct DraftRows {
  /// What the head reads and writes, as many rows as a step has.
  let batch: UnsafeMutablePointer<Float>
  /// The head's output for the last token of each sequence that is drafted for.
  let guesses: UnsafeMutablePointer<Float>
  /// The model's output before the last step, slot by slot.
  let outputsBefore: UnsafeMutablePointer<Float>

  init(_ configuration: EngineConfiguration, hiddenSize: Int, _ workspace: Workspace) {
    batch = workspace.floats(configuration.maximumStepTokens * hiddenSize)
    guesses = workspace.floats(configuration.slotCount * hiddenSize)
    outputsBefore = workspace.floats(configuration.slotCount * hiddenSize)
  }

  static func workspaceBytes(_ configuration: EngineConfiguration, hiddenSize: Int) -> Int {
    Workspace.bytes(
      (Float.self, configuration.maximumStepTokens * hiddenSize), (Float.self, configuration.slotCount * hiddenSize),
      (Float.self, configuration.slotCount * hiddenSize))
  }
}
