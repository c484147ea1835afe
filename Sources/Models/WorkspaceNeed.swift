package import ModelFiles
import Tensor

/// How much memory a step of a model needs beside its weights and caches.
package struct WorkspaceNeed: Sendable, Hashable {
  /// Floats that each thread needs for itself.
  package let scratchFloats: Int
  /// Products that a block queues at most.
  package let productCapacity: Int
  /// The most columns of a matrix.
  package let largestColumns: Int
  /// Bytes for inputs that are converted on the way into a product.
  package let convertedInputBytes: Int
  /// Bytes of `LanguageModel.forward`.
  package let forwardBytes: Int

  /// The need for steps of at most `tokens` tokens.
  package init(_ configuration: ModelConfiguration, tokens: Int) {
    let hidden = configuration.hiddenSize
    let hasAttention = configuration.attentionLayerCount > 0 || configuration.hasDraftHead
    let hasDeltaNets = configuration.layerKinds.contains(.linearAttention)
    let hasExperts = configuration.feedForwardKinds.contains(.sparse)
    scratchFloats = [
      ProductQueue.scratchFloats(tokens: tokens),
      hasAttention ? Attention.scratchFloats(configuration) : 0,
      hasDeltaNets ? GatedDeltaNet.scratchFloats(configuration.linearAttention) : 0,
    ].reduce(0, max)
    productCapacity = hasExperts ? MixtureOfExperts.productCapacity(configuration.experts) : 4
    largestColumns = [
      (configuration.hasDraftHead ? 2 : 1) * hidden, configuration.intermediateSize,
      hasAttention ? configuration.attention.headCount * configuration.attention.headDimension : 0,
      hasDeltaNets ? configuration.linearAttention.valueDimension : 0,
      hasExperts ? max(configuration.experts.intermediateSize, configuration.experts.sharedIntermediateSize) : 0,
    ].reduce(0, max)
    // Matrices of one input may have two formats; BF16 takes the most.
    convertedInputBytes = 2 * (2 * tokens * (largestColumns + 31) + 64)
    let largestBlock = [
      hasAttention ? Attention.workspaceBytes(configuration, tokens: tokens) : 0,
      hasDeltaNets ? GatedDeltaNet.workspaceBytes(configuration.linearAttention, tokens: tokens) : 0,
      hasExperts
        ? MixtureOfExperts.workspaceBytes(configuration.experts, hiddenSize: hidden, tokens: tokens) : 0,
      GatedMLP.workspaceBytes(intermediateSize: configuration.intermediateSize, tokens: tokens),
    ].reduce(0, max)
    forwardBytes =
      Residual.workspaceBytes(configuration, rows: tokens)
      + RotaryAngles.workspaceBytes(configuration.rope, rows: tokens) + largestBlock
      + (configuration.hasDraftHead ? MultiTokenHead.workspaceBytes(configuration, tokens: tokens) : 0)
  }
}
