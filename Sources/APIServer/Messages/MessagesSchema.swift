/// The bodies of Anthropic's Messages API.
enum MessagesSchema {
  /// Breakpoints one request may have, as in Anthropic's API.
  static let mostBreakpoints = 4

  /// `POST /v1/messages`.
  static let body = ObjectSchema(
    [
      .required(
        "max_tokens", .integer(1 ... .max),
        "Tokens to generate at most, thoughts included; more than the context leaves means what it leaves."),
      .optional("stream", .boolean, "Whether the reply comes as server-sent events."),
      .optional(
        "stop_sequences", .array(.shortString(bytes: 1024), count: 0...16), "Texts that end the reply."),
      .optional("temperature", .number(0...1), "Divides the logits; 0 is greedy."),
      .optional("top_p", .number(0...1), "Keeps the smallest set of tokens with this probability."),
      .optional("top_k", .integer(0 ... .max), "Keeps this many tokens; 0 keeps all."),
      .accepted("metadata", .anyObject), .cacheSalt, .priority,
      .accepted("service_tier", .choice(["auto", "standard_only"])),
      .accepted("speed", .choice(["standard", "fast"])),
      .accepted("inference_geo", .string),
      .accepted("diagnostics", .anyObject),
      .accepted("user_profile_id", .string),
      .accepted("workspace_id", .string),
      .refused("container", "a container"),
      .refused("mcp_servers", "calling MCP servers"),
      .refused("context_management", "editing the context"),
    ] + conversation)

  /// `POST /v1/messages/count_tokens`: what makes the prompt.
  static let countBody = ObjectSchema(conversation)

  private static let conversation: [Field] = [
    .required("model", .nonEmptyString, "A served name, or one with `:instruct` or `:thinking` behind it."),
    .required(
      "messages", .array(.object(ObjectSchema(message)), count: 1...100_000),
      "The turns of user and assistant; neighbours of one role are one turn."),
    .optional("system", .either([.string, .array(.variants(tag: "type", otherwise: nil, [text]))]), "Instructions."),
    .optional("tools", .array(tool), "Tools the model may call."),
    .optional("tool_choice", toolChoice, "Which of them it may or must call."),
    .optional(
      "thinking",
      .variants(
        tag: "type", otherwise: nil,
        [
          .object(
            "enabled",
            [
              .required(
                "budget_tokens", .integer(1 ... .max), "Tokens the thoughts may have; fewer than `max_tokens`."),
              .accepted("display", .choice(["summarized", "omitted"])),
            ]),
          .object("adaptive", [.accepted("display", .choice(["summarized", "omitted"]))]),
          .object("disabled", []), .refused("between_tools", "thinking between tool calls alone"),
        ]), "Whether the model thinks aloud first, and how long. The model's default if absent."),
    .optional(
      "output_config",
      .object(
        ObjectSchema([
          .optional(
            "effort", .choice(["low", "medium", "high", "xhigh", "max"]), "How long to think, where thinking is on."),
          .optional(
            "format",
            .variants(tag: "type", otherwise: nil, [.object("json_schema", [.required("schema", .anyObject)])]),
            "A JSON schema the reply keeps to."),
        ])), "The form of the reply."),
    .optional("cache_control", cacheControl, "A breakpoint after the last message."),
  ]

  private static let message: [Field] = [
    .required("role", .choice(["user", "assistant", "system"])),
    .required("content", .either([.string, .array(.variants(tag: "type", otherwise: nil, blocks))])),
  ]

  private static let cacheControl = FieldType.variants(
    tag: "type", otherwise: nil, [.object("ephemeral", [.accepted("ttl", .choice(["5m", "1h"]))])])

  private static let breakpoint = Field.optional(
    "cache_control", cacheControl, "The prompt is kept for reuse up to the end of this message.")

  private static let text = FieldType.Variant.object(
    "text", [.required("text", .string), breakpoint, .accepted("citations", .array(.any))])

  private static let document = FieldType.Variant.object(
    "document",
    [
      .required(
        "source",
        .variants(
          tag: "type", otherwise: nil,
          [
            .object("text", [.required("data", .string), .accepted("media_type", .string)]),
            .object("content", [.required("content", textOrBlocks)]),
            .refused("base64", "a document that is no text"), .refused("url", "fetching documents"),
            .refused("file", "an uploaded file"),
          ])),
      .optional("title", .string), .optional("context", .string), breakpoint, .accepted("citations", .anyObject),
    ])

  private static var textOrBlocks: FieldType {
    .either([.string, .array(.variants(tag: "type", otherwise: nil, [text, .refused("image", "image input")]))])
  }

  private static let blocks: [FieldType.Variant] = [
    text, document,
    .object("thinking", [.required("thinking", .string), .accepted("signature", .string)]),
    .object("redacted_thinking", [.accepted("data", .string)]),
    .object(
      "tool_use",
      [
        .required("id", .nonEmptyString), .required("name", .nonEmptyString), .required("input", .anyObject),
        breakpoint,
        .accepted("caller", .anyObject), .accepted("toolset_name", .string),
      ]),
    .object(
      "tool_result",
      [
        .required("tool_use_id", .nonEmptyString), .optional("content", textOrBlocks),
        .accepted("is_error", .boolean, "The model learns of the error from the content."), breakpoint,
        .accepted("toolset_name", .string),
      ]),
    .refused("image", "image input"), .refused("search_result", "a search result"),
    .refused("server_tool_use", "a tool of the server"), .refused("web_search_tool_result", "a tool of the server"),
    .refused("web_fetch_tool_result", "a tool of the server"), .refused("container_upload", "a container"),
  ]

  private static let tool = FieldType.variants(
    tag: "type", otherwise: "custom",
    [
      .object(
        "custom",
        [
          .required("name", .nonEmptyString), .optional("description", .string),
          .required("input_schema", .anyObject, "The arguments' JSON schema."), .optional("strict", .boolean),
          breakpoint, .accepted("input_examples", .array(.any)), .accepted("eager_input_streaming", .boolean),
          .accepted("allowed_callers", .array(.string)), .accepted("defer_loading", .boolean),
        ])
    ])

  private static let toolChoice = FieldType.variants(
    tag: "type", otherwise: nil,
    [
      .object("auto", [oneCall]), .object("any", [oneCall]),
      .object("tool", [.required("name", .nonEmptyString), oneCall]), .object("none", []),
    ])

  private static let oneCall = Field.optional(
    "disable_parallel_tool_use", .boolean, "Whether the reply ends after its first call.")
}
