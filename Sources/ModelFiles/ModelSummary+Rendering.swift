public import JSON

extension ModelSummary {
  /// The summary as a JSON object. Sizes are in bytes; keys are stable.
  public var json: JSON {
    [
      "path": .string(path),
      "architecture": .string(configuration.architecture.className),
      "model_type": .string(configuration.architecture.modelType),
      "context_length": .integer(configuration.contextLength),
      "vocabulary_size": .integer(configuration.vocabularySize),
      "hidden_size": .integer(configuration.hiddenSize),
      "layers": [
        "total": .integer(configuration.layerCount),
        "full_attention": .integer(layerCount(LayerKind.fullAttention)),
        "linear_attention": .integer(layerCount(LayerKind.linearAttention)),
        "sparse": .integer(layerCount(FeedForwardKind.sparse)),
        "dense": .integer(layerCount(FeedForwardKind.dense)),
      ],
      "attention": [
        "heads": .integer(configuration.attention.headCount),
        "key_value_heads": .integer(configuration.attention.keyValueHeadCount),
        "head_dimension": .integer(configuration.attention.headDimension),
      ],
      "linear_attention": [
        "key_heads": .integer(configuration.linearAttention.keyHeadCount),
        "value_heads": .integer(configuration.linearAttention.valueHeadCount),
        "key_head_dimension": .integer(configuration.linearAttention.keyHeadDimension),
        "value_head_dimension": .integer(configuration.linearAttention.valueHeadDimension),
        "convolution_kernel": .integer(configuration.linearAttention.convolutionKernelSize),
      ],
      "experts": [
        "total": .integer(configuration.experts.count),
        "per_token": .integer(configuration.experts.countPerToken),
      ],
      "rope": rope,
      "tied_embeddings": .bool(configuration.tiesWordEmbeddings),
      "parameters": ["total": .integer(parameters.total), "active": .integer(parameters.active)],
      "weights": .array(shares.map(\.json)),
      "ignored": ignored?.json ?? nil,
      "files": ["count": .integer(fileCount), "bytes": .integer(fileByteCount)],
      "memory": [
        "weights": .integer(weightByteCount),
        "page_tokens": .integer(pageTokens),
        "page": .integer(pageByteCount),
        "slot": .integer(slotByteCount),
        "full_context": .integer(fullContextByteCount),
      ],
      "tokenizer": .bool(hasTokenizer),
      "chat_template": .bool(hasChatTemplate),
    ]
  }

  private var rope: JSON {
    var members: JSONObject = [
      "theta": .double(configuration.rope.theta),
      "dimension": .integer(configuration.rope.dimension),
    ]
    if let yarn = configuration.rope.yarn {
      members["yarn_factor"] = .double(yarn.factor)
      members["original_context_length"] = .integer(yarn.originalContextLength)
    }
    return .object(members)
  }

  /// The summary as lines for people, each a label and a value; no final line break.
  public var text: String {
    lines.map { label, value in
      label + String(repeating: " ", count: max(1, 18 - label.unicodeScalars.count)) + value
    }.joined(separator: "\n")
  }

  private var lines: [(String, String)] {
    let model = configuration
    let linear = model.linearAttention
    var lines = [
      ("model", path),
      ("architecture", "\(model.architecture.className) (\(model.architecture.modelType))"),
      (
        "parameters",
        "\(Self.decimal(parameters.total)) in total, \(Self.decimal(parameters.active)) active for a token"
      ),
      (
        "layers",
        "\(model.layerCount): \(layerCount(LayerKind.linearAttention)) linear attention, "
          + "\(layerCount(LayerKind.fullAttention)) full attention; "
          + "\(layerCount(FeedForwardKind.sparse)) sparse, \(layerCount(FeedForwardKind.dense)) dense"
      ),
      (
        "attention",
        "\(model.attention.headCount) heads, \(model.attention.keyValueHeadCount) for keys and values, "
          + "of \(model.attention.headDimension)"
      ),
    ]
    if layerCount(LayerKind.linearAttention) > 0 {
      lines.append(
        (
          "linear attention",
          "\(linear.keyHeadCount) key heads of \(linear.keyHeadDimension), "
            + "\(linear.valueHeadCount) value heads of \(linear.valueHeadDimension)"
        ))
    }
    if model.experts.count > 0 {
      let shared = model.experts.sharedIntermediateSize > 0 ? ", and a shared one" : ""
      lines.append(("experts", "\(model.experts.countPerToken) of \(model.experts.count) for a token\(shared)"))
    }
    lines += [
      ("vocabulary", "\(model.vocabularySize)\(model.tiesWordEmbeddings ? ", tied embeddings" : "")"),
      ("context", contextText),
      (
        "weights",
        shares.map { "\($0.dataType) \(Self.binary($0.byteCount)) in \($0.tensorCount) tensors" }
          .joined(separator: ", ")
      ),
    ]
    if let ignored {
      lines.append(
        (
          "ignored",
          "\(ignored.tensorCount) tensors of a multi-token-prediction head, \(Self.binary(ignored.byteCount))"
        ))
    }
    lines += [
      ("files", "\(fileCount), \(Self.binary(fileByteCount))"),
      ("memory", "\(Self.binary(weightByteCount)) of weights, mapped"),
      ("", "\(Self.binary(slotByteCount)) of state a sequence"),
      ("", "\(Self.binary(pageByteCount)) of keys and values every \(pageTokens) tokens"),
      ("", "\(Self.binary(fullContextByteCount)) for a sequence that fills the context"),
      ("tokenizer", hasTokenizer ? "yes" : "none: token ids only"),
      ("chat template", hasChatTemplate ? "yes" : "none"),
    ]
    return lines
  }

  private var contextText: String {
    guard let yarn = configuration.rope.yarn else { return "\(configuration.contextLength) tokens" }
    return "\(configuration.contextLength) tokens, by YaRN from \(yarn.originalContextLength)"
  }

  /// A count with three digits or so and a decimal prefix: 79.7 billion.
  static func decimal(_ count: Int) -> String {
    scaled(count, step: 1000, units: ["", " thousand", " million", " billion", " trillion"])
  }

  /// A size in bytes with a binary prefix: 151.5 GiB.
  static func binary(_ count: Int) -> String {
    scaled(count, step: 1024, units: [" bytes", " KiB", " MiB", " GiB", " TiB"])
  }

  private static func scaled(_ count: Int, step: Double, units: [String]) -> String {
    var value = Double(count)
    var unit = 0
    while value >= step, unit < units.count - 1 {
      value /= step
      unit += 1
    }
    guard unit > 0 else { return "\(count)\(units[0])" }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)\(units[unit])"
  }
}

extension ModelSummary.Share {
  /// The share as a JSON object.
  var json: JSON {
    [
      "type": .string(dataType), "tensors": .integer(tensorCount), "elements": .integer(elementCount),
      "bytes": .integer(byteCount),
    ]
  }
}
