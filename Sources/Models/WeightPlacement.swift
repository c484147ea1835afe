/// Where a model's matrices are read from while it runs. Vectors are small and always copied.
public enum WeightPlacement: Sendable, Hashable {
  /// The mapped files: read from disk where they are first touched, and given up by the kernel when memory is short.
  case mapped
  /// Memory in huge pages, into which so many threads copy them when the model is loaded.
  case hugePages(threads: Int)
}
