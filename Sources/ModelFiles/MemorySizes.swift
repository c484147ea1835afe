public import Tensor

extension ModelConfiguration {
  /// Bytes one page of the KV cache takes over all full-attention layers: keys and values of `tokens` tokens.
  public func keyValuePageByteCount(tokens: Int, type: ElementType) -> Int {
    let layers = layerKinds.count { $0 == .fullAttention }
    return layers * type.byteCount(elements: tokens * 2 * attention.keyValueHeadCount * attention.headDimension)
  }

  /// Bytes one sequence's state takes over all linear-attention layers: the recurrent matrices, and the inputs of the
  /// convolution that later tokens still see.
  public func stateSlotByteCount(type: ElementType) -> Int {
    let layers = layerKinds.count { $0 == .linearAttention }
    let size = linearAttention
    let recurrent = size.valueDimension * size.keyHeadDimension
    let convolution = (size.convolutionKernelSize - 1) * size.convolutionDimension
    return layers * type.byteCount(elements: recurrent + convolution)
  }
}
