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
    /// Never: a multi-token-prediction head.
    case unused
  }

  let role: Role
  /// Dimensions, the outermost first.
  let shape: [Int]
  let byteCount: Int
  let arithmetic: Arithmetic

  /// A tensor by its name in Hugging Face's or in llama.cpp's layout.
  init(name: String, shape: [Int], byteCount: Int, arithmetic: Arithmetic) {
    role = Self.role(of: name)
    self.shape = shape
    self.byteCount = byteCount
    self.arithmetic = arithmetic
  }

  /// Multiply-adds where every element meets one token; vectors are added or scale, and count as none.
  var multiplyAdds: Int { shape.count >= 2 ? shape.reduce(1, *) : 0 }

  private static func role(of name: String) -> Role {
    switch name {
    case "model.embed_tokens.weight", "token_embd.weight": .embedding
    case "lm_head.weight", "output.weight": .head
    case _ where name.hasPrefix("mtp.") || name.contains(".nextn."): .unused
    case _ where name.contains(".mlp.experts.") || name.hasSuffix("_exps.weight"): .routedExperts
    default: .always
    }
  }
}
