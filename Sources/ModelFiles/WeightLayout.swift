/// Whose names, shapes and transformations a model's tensors have.
public enum WeightLayout: Sendable, Hashable {
  /// Those of Hugging Face transformers.
  case huggingFace
  /// Those of llama.cpp's converter: its own names, norm weights that already include the one, decays as −exp(A_log),
  /// the delta net's projection split in flat order, experts stacked, and the rows of `llama`'s q and k interleaved.
  case llamaCpp
}
