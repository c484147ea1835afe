internal import ModelFiles

extension ModelShape {
  /// Refuses sizes that no model has, in the names of the command's options.
  func validate() throws(SynthesisError) {
    try check("layers", layerCount, 1...1024)
    try check("hidden", hiddenSize, 1...1 << 17)
    try check("vocabulary", vocabularySize, SyntheticVocabulary.minimumSize...1 << 24)
    try check("heads", headCount, 1...4096)
    try check("kv-heads", keyValueHeadCount, 1...headCount)
    try check("heads", headCount, multipleOf: keyValueHeadCount, "kv-heads")
    try check("head-size", headSize, 1...8192)
    // Rotary pairs lie within a quarter or the whole of a head.
    try check("head-size", headSize, multipleOf: hasLinearAttention ? 8 : 2, "rotary pairs")
    try check("context", contextLength, 1...1 << 30)
    if architecture == .qwen2, headCount * headSize != hiddenSize {
      throw .invalidSize(
        setting: "head-size", expected: "hidden / heads in Qwen2 (\(hiddenSize) / \(headCount))", found: headSize)
    }
    if hasExperts {
      try check("experts", expertCount, 1...4096)
      try check("experts-per-token", expertsPerToken, 1...expertCount)
      try check("expert-size", expertSize, 1...1 << 20)
    } else {
      try check("intermediate", intermediateSize, 1...1 << 20)
    }
    guard !hasDraftHead || architecture == .qwen3Next else { throw .draftHead(architecture) }
    if hasLinearAttention {
      try check("shared-expert-size", sharedExpertSize, 1...1 << 20)
      try check("linear-key-heads", linearKeyHeadCount, 1...4096)
      try check("linear-value-heads", linearValueHeadCount, 1...4096)
      try check("linear-value-heads", linearValueHeadCount, multipleOf: linearKeyHeadCount, "linear-key-heads")
      try check("linear-head-size", linearHeadSize, 1...8192)
      try check("full-attention-interval", fullAttentionInterval, 1...1 << 20)
    }
  }

  private func check(_ setting: String, _ value: Int, _ range: ClosedRange<Int>) throws(SynthesisError) {
    guard range.contains(value) else {
      throw .invalidSize(setting: setting, expected: "\(range.lowerBound) to \(range.upperBound)", found: value)
    }
  }

  private func check(
    _ setting: String, _ value: Int, multipleOf unit: Int, _ name: String
  ) throws(SynthesisError) {
    guard value % unit == 0 else {
      throw .invalidSize(setting: setting, expected: "a multiple of \(unit) (\(name))", found: value)
    }
  }
}
