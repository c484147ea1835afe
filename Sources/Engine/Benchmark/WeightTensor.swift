/// A weight tensor as accounting sees it: what part it plays, how large it is, how it is multiplied.
struct WeightTensor: Sendable, Hashable {
  /// When a step reads a tensor.
  enum Role: Sendable, Hashable {
    /// A row for every token.
    case embedding
    /// Once where logits are wanted.
    case head
    /// The experts that tokens are routed to.
    case routedExperts
    /// Once.
    case always
    /// Whenever the multi-token-prediction head is run: all but its routed experts.
    case draft
    /// The experts that the head's tokens are routed to.
    case draftExperts
  }

  let role: Role
  /// Dimensions, the outermost first.
  let shape: [Int]
  let byteCount: Int
  let arithmetic: Arithmetic

  /// A tensor by its name in Hugging Face's or in llama.cpp's layout.
  ///
  /// - Parameter layerCount: the model's layers; a GGUF file's blocks from there on are a multi-token-prediction head.
  init(name: String, shape: [Int], byteCount: Int, arithmetic: Arithmetic, layerCount: Int) {
    role = Self.role(of: name, layerCount: layerCount)
    self.shape = shape
    self.byteCount = byteCount
    self.arithmetic = arithmetic
  }

  /// Multiply-adds where every element meets one token; vectors are added or scale, and count as none.
  var multiplyAdds: Int { shape.count >= 2 ? shape.reduce(1, *) : 0 }

  private static func role(of name: String, layerCount: Int) -> Role {
    let parts = name.split(separator: ".")
    let block = parts.first == "blk" && parts.count > 1 ? Int(parts[1]) : nil
    if name.hasPrefix("mtp.") || block.map({ $0 >= layerCount }) == true {
      return name.contains(".mlp.experts.") || name.hasSuffix("_exps.weight") ? .draftExperts : .draft
    }
    return switch name {
    case "model.embed_tokens.weight", "token_embd.weight": .embedding
    case "lm_head.weight", "output.weight": .head
    case _ where name.contains(".mlp.experts.") || name.hasSuffix("_exps.weight"): .routedExperts
    default: .always
    }
  }
}
