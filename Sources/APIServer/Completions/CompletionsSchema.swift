/// The body of `POST /v1/completions`.
enum CompletionsSchema {
  /// Likely tokens that may be told beside each; OpenAI's API has 5.
  static let mostAlternatives = 20

  private static let tokens = FieldType.array(.integer(0...Int(Int32.max)), count: 1 ... .max)

  static let body = ObjectSchema([
    .required("model", .nonEmptyString, "A served name."),
    .required(
      "prompt",
      .either([
        .string, .array(.string, count: 1...128), tokens, .array(tokens, count: 1...128),
      ]), "What to go on from: a text or token ids, or several of either."),
    .optional("suffix", .string, "What follows the completion, for models with fill-in-the-middle tokens."),
    .optional(
      "max_tokens", .integer(0 ... .max),
      "Tokens to generate at most (default: 16); 0 scores the prompt, with `echo` and `logprobs`."),
    .optional("echo", .boolean, "Whether the prompt is part of the text."),
    .optional(
      "logprobs", .integer(0...mostAlternatives),
      "Adds log-probabilities, and so many likely tokens beside each; with `echo` also of the prompt."),
    .optional("n", .integer(1...128), "Completions of each prompt."),
    .optional(
      "best_of", .integer(1...128),
      "Completions made of each prompt; the `n` with the best mean log-probability are sent."),
    .optional(
      "stop", .either([.shortString(bytes: 1024), .array(.shortString(bytes: 1024), count: 0...4)]),
      "Texts that end a completion."),
    .optional("stream", .boolean, "Whether the completions come as server-sent events."),
    .optional(
      "stream_options",
      .object(ObjectSchema([.optional("include_usage", .boolean), .accepted("include_obfuscation", .boolean)])),
      "`include_usage` adds a last event with the usage."),
    .optional("temperature", .number(0...2), "Divides the logits; 0 is greedy."),
    .optional("top_p", .number(0...1), "Keeps the smallest set of tokens with this probability."),
    .optional("top_k", .integer(-1 ... .max), "An extension: keeps this many tokens; 0 and -1 keep all."),
    .optional(
      "min_p", .number(0...1), "An extension: keeps tokens with this share of the likeliest one's probability."),
    .optional("seed", .integer(.min ... .max), "Makes the completions repeatable."),
    .optional("frequency_penalty", .number(-2...2), "Taken off a token's logit for each time it was generated."),
    .optional("presence_penalty", .number(-2...2), "Taken off the logits of tokens that were generated."),
    .optional("repetition_penalty", .number(0.01...10), "An extension: divides the logits of tokens that were there."),
    .optional("logit_bias", .anyObject, "Added to the logits of tokens, by id; -100 to 100."),
    .optional(
      "skip_special_tokens", .boolean, "An extension: whether special tokens are left out of the text. Default: true."),
    .optional("draft_tokens", .integer(0 ... .max), "An extension: tokens guessed in a step at most; 0: none."),
    .accepted("user", .string), .cacheSalt, .priority,
  ])
}
