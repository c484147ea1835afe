import ModelFiles

/// How the queries, keys, values and gates of a delta net lie in a row of its input projection.
struct DeltaInputOrder: Sendable, Hashable {
  /// What belongs to each key head, one piece a head.
  struct Part: Sendable, Hashable {
    /// Where the first key head's piece starts.
    let start: Int
    /// How far the next one's is.
    let stride: Int

    func offset(_ keyHead: Int) -> Int { start + keyHead * stride }
  }

  let queries: Part
  let keys: Part
  /// Of the value heads of each key head.
  let values: Part
  let gates: Part
  /// Elements of a row.
  let width: Int

  /// Hugging Face's order: each key head's query, key, values and gates.
  static func byKeyHead(_ sizes: LinearAttentionConfiguration) -> DeltaInputOrder {
    let (key, value) = (sizes.keyHeadDimension, sizes.valueDimension / sizes.keyHeadCount)
    let stride = 2 * (key + value)
    return DeltaInputOrder(
      queries: Part(start: 0, stride: stride), keys: Part(start: key, stride: stride),
      values: Part(start: 2 * key, stride: stride), gates: Part(start: 2 * key + value, stride: stride),
      width: sizes.keyHeadCount * stride)
  }

  /// llama.cpp's order: all queries, all keys, all values, all gates.
  static func flat(_ sizes: LinearAttentionConfiguration) -> DeltaInputOrder {
    let (key, value) = (sizes.keyHeadDimension, sizes.valueDimension / sizes.keyHeadCount)
    return DeltaInputOrder(
      queries: Part(start: 0, stride: key), keys: Part(start: sizes.keyDimension, stride: key),
      values: Part(start: 2 * sizes.keyDimension, stride: value),
      gates: Part(start: sizes.convolutionDimension, stride: value),
      width: sizes.convolutionDimension + sizes.valueDimension)
  }
}
