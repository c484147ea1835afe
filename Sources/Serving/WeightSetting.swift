import Engine
public import Models

/// Where weights are to be while a model runs, as people set it.
public enum WeightSetting: String, Sendable, CaseIterable {
  /// In huge pages if memory allows, else mapped.
  case automatic = "auto"
  /// In the mapped files.
  case mapped
  /// Copied to huge pages.
  case hugePages = "huge-pages"

  /// Bytes that `automatic` leaves to the rest of the machine.
  public static let margin = 1 << 30
  /// Weights of fewer bytes are not worth a copy: few translations cover them.
  static let leastCopied = 32 << 20

  /// Where `weightBytes` of weights go on this machine.
  ///
  /// - Parameters:
  ///   - otherBytes: memory that the engine takes besides.
  ///   - threads: threads that copy.
  public func placement(
    of weightBytes: Int, beside otherBytes: Int, threads: Int
  ) throws(ServingError) -> WeightPlacement {
    try placement(
      of: weightBytes, beside: otherBytes, threads: threads, availableBytes: AvailableMemory.bytes(),
      offersHugePages: HugePages.areOffered())
  }

  func placement(
    of weightBytes: Int, beside otherBytes: Int, threads: Int, availableBytes: Int, offersHugePages: Bool
  ) throws(ServingError) -> WeightPlacement {
    switch self {
    case .mapped: return .mapped
    case .automatic:
      let fits = weightBytes <= availableBytes - otherBytes - Self.margin
      return offersHugePages && fits && weightBytes >= Self.leastCopied ? .hugePages(threads: threads) : .mapped
    case .hugePages:
      guard weightBytes <= availableBytes - otherBytes else {
        throw .tooLittleMemory(
          purpose: "a copy of the weights, beside \(otherBytes) bytes of caches and workspace", needed: weightBytes,
          available: max(0, availableBytes - otherBytes))
      }
      return .hugePages(threads: threads)
    }
  }
}
