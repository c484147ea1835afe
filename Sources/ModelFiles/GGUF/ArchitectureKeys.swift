/// The metadata of one architecture: keys that begin with its name.
struct ArchitectureKeys {
  let metadata: GGUFMetadata
  let architecture: Architecture

  init(_ metadata: GGUFMetadata) throws(ModelFileError) {
    self.metadata = metadata
    let name = try metadata.string("general.architecture")
    guard let architecture = Architecture.allCases.first(where: { $0.ggufName == name }) else {
      throw .unsupportedArchitecture(
        file: metadata.file, found: name ?? "of no name (no general.architecture)",
        supported: Architecture.allCases.map(\.ggufName))
    }
    self.architecture = architecture
    if let kind = try metadata.string("general.type"), kind != "model" {
      throw metadata.invalid("general.type", expected: "\"model\"")
    }
  }

  func key(_ name: String) -> String { "\(architecture.ggufName).\(name)" }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(ModelFileError) -> Int? {
    try metadata.integer(key(name), in: range)
  }

  func requiredInteger(_ name: String, in range: ClosedRange<Int>) throws(ModelFileError) -> Int {
    try metadata.requiredInteger(key(name), in: range)
  }

  /// See ``GGUFMetadata/layerInteger(_:in:layers:)``.
  func layerInteger(
    _ name: String, in range: ClosedRange<Int>, layers: [Int]
  ) throws(ModelFileError) -> Int? {
    try metadata.layerInteger(key(name), in: range, layers: layers)
  }

  func number(_ name: String, in range: ClosedRange<Double>) throws(ModelFileError) -> Double? {
    try metadata.number(key(name), in: range)
  }

  func string(_ name: String) throws(ModelFileError) -> String? { try metadata.string(key(name)) }

  func has(_ name: String) -> Bool { metadata.values[key(name)] != nil }

  func invalid(_ name: String, expected: String) -> ModelFileError {
    metadata.invalid(key(name), expected: expected)
  }

  func invalid(_ name: String, expected: String, found: String) -> ModelFileError {
    .invalidValue(file: metadata.file, key: key(name), expected: expected, found: found)
  }

  /// Refuses settings that change results and are not computed here.
  func refuseVariants() throws(ModelFileError) {
    let all = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    let none = [
      "attention.clamp_kqv", "attn_logit_softcapping", "final_logit_softcapping", "attention.scale",
      "expert_group_count", "leading_dense_block_count", "pooling_type", "rope.scaling.alpha",
    ]
    for name in none where try number(name, in: all) ?? 0 != 0 { throw invalid(name, expected: "0 or nothing") }
    for name in ["logit_scale", "residual_scale", "embedding_scale", "expert_weights_scale", "expert_gating_func"]
    where ![0, 1].contains(try number(name, in: all) ?? 0) {
      throw invalid(name, expected: "0, 1 or nothing")
    }
    if try metadata.bool(key("attention.causal")) == false { throw invalid("attention.causal", expected: "true") }
    if architecture == .llama, try integer("expert_count", in: SizeLimits.experts) ?? 0 > 0 {
      throw invalid("expert_count", expected: "0: mixtures of experts under the name llama are not supported")
    }
  }
}
