/// A request to go on from a prompt as it is, without a chat template.
public struct CompletionRequest: Sendable {
  /// Where to go on from.
  public enum Prompt: Sendable, Equatable {
    /// Text; texts of special tokens become these.
    case text(String)
    /// Ids of the model's vocabulary.
    case tokens([Int32])
  }

  /// What is asked of the replies. `maximumTokens` may be 0: then the prompt is scored alone.
  public var options: GenerationOptions
  /// Where to go on from.
  public var prompt: Prompt
  /// How many of the most likely tokens are told beside each token of the prompt, with log-probabilities; 0 tells the
  /// prompt's token alone, nil nothing. The whole prompt is computed for it: no cached beginning is reused.
  public var promptAlternatives: Int?
  /// Whether special tokens are left out of the text.
  public var skipsSpecialTokens = true

  /// A request with defaults for all but these.
  public init(name: String, prompt: Prompt) {
    options = GenerationOptions(name: name)
    self.prompt = prompt
  }
}
