/// The bodies of OpenAI's Responses API.
enum ResponsesSchema {
  /// `POST /v1/responses`.
  static let body = ObjectSchema(
    prompt + [
      .optional("stream", .boolean, "Whether the response comes as server-sent events."),
      .optional("background", .boolean, "Whether to answer at once, while the response is made. Needs `store`."),
      .optional("store", .boolean, "Whether the response can be asked for, and gone on from, later. Default: true."),
      .optional(
        "max_output_tokens", .integer(1 ... .max),
        "Tokens to generate at most, thoughts included; more than the context leaves means what it leaves."),
      .optional("temperature", .number(0...2), "Divides the logits; 0 is greedy."),
      .optional("top_p", .number(0...1), "Keeps the smallest set of tokens with this probability."),
      .optional("top_k", .integer(-1 ... .max), "An extension: keeps this many tokens; 0 and -1 keep all."),
      .optional(
        "min_p", .number(0...1), "An extension: keeps tokens with this share of the likeliest one's probability."),
      .optional("seed", .integer(.min ... .max), "An extension: makes the response repeatable."),
      .optional("top_logprobs", .integer(0...20), "Likely tokens told beside each; see `include`."),
      .optional(
        "include",
        .array(
          .choice([
            "message.output_text.logprobs", "reasoning.encrypted_content", "file_search_call.results",
            "web_search_call.results", "web_search_call.action.sources", "message.input_image.image_url",
            "computer_call_output.output.image_url", "code_interpreter_call.outputs",
          ])),
        "`message.output_text.logprobs` adds log-probabilities. Thoughts are told in full whatever is asked for."),
      .optional("metadata", .metadata, "Echoed."), .cacheSalt, .priority,
      .accepted("stream_options", .object(ObjectSchema([.accepted("include_obfuscation", .boolean)]))),
      .optional("service_tier", .serviceTier, "Echoed."), .optional("user", .string, "Echoed."),
      .optional("safety_identifier", .string, "Echoed."), .optional("prompt_cache_key", .string, "Echoed."),
      .optional(
        "max_tool_calls", .integer(1 ... .max), "Echoed: it bounds calls of built-in tools, and there are none."),
      .accepted("prompt_cache_retention", .string), .accepted("prompt_cache_options", .anyObject),
      .accepted("background_options", .anyObject), .accepted("access_programs", .anyObject),
      .refused("prompt", "a stored prompt"), .refused("context_management", "compaction"),
      .refused("moderation", "moderation"), .refused("image", "image input"),
    ])

  /// `POST /v1/responses/input_tokens`: what makes the prompt.
  static let countBody = ObjectSchema(prompt)

  private static let prompt: [Field] = [
    .required("model", .nonEmptyString, "A served name, or one with `:instruct` or `:thinking` behind it."),
    .optional("input", .either([.string, .array(item)]), "A text of the user, or items."),
    .optional("instructions", .string, "A system message in front of the input."),
    .optional("previous_response_id", .nonEmptyString, "A stored response to go on from."),
    .optional(
      "reasoning",
      .object(
        ObjectSchema([
          .optional(
            "effort", .choice(["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
            "`none` does not think, every other one does."),
          .accepted("summary", .choice(["auto", "concise", "detailed"]), "Thoughts are told in full."),
          .accepted("generate_summary", .choice(["auto", "concise", "detailed"])),
          .accepted("context", .choice(["auto", "current_turn", "all_turns"])), .accepted("mode", .string),
        ])), "Whether and how long the model thinks."),
    .optional("enable_thinking", .boolean, "An extension: as in a chat completion."),
    .optional("thinking_budget", .integer(0 ... .max), "An extension: as in a chat completion."),
    .optional("chat_template_kwargs", .anyObject, "An extension: as in a chat completion."),
    .optional("tools", .array(tool), "Functions the model may call."),
    .optional("tool_choice", .either([.choice(["none", "auto", "required"]), toolChoice]), "Which of them."),
    .optional("parallel_tool_calls", .boolean, "Whether the response may hold more than one call. Default: true."),
    .optional(
      "text",
      .object(
        ObjectSchema([
          .optional(
            "format",
            .variants(
              tag: "type", otherwise: nil,
              [
                .object("text", []), .object("json_object", []),
                .object(
                  "json_schema",
                  [
                    .required("name", .nonEmptyString), .required("schema", .anyObject), .optional("strict", .boolean),
                    .optional("description", .string),
                  ]),
              ])), .accepted("verbosity", .choice(["low", "medium", "high"])),
        ])), "The form of the text."),
    .optional(
      "truncation", .choice(["auto", "disabled"]),
      "`auto` leaves the oldest turns out where the context is too short for all."),
    .refused("conversation", "a stored conversation"),
  ]

  private static let status = Field.accepted("status", .choice(["in_progress", "completed", "incomplete"]))
  private static let id = Field.accepted("id", .string)

  private static let item = FieldType.variants(
    tag: "type", otherwise: "message",
    [
      .object(
        "message",
        [
          .required("role", .choice(["user", "assistant", "system", "developer"])),
          .required("content", .either([.string, .array(.variants(tag: "type", otherwise: nil, parts))])), id, status,
          .accepted("phase", .string),
        ]),
      .object(
        "reasoning",
        [
          .optional("content", .array(.variants(tag: "type", otherwise: nil, [.object("reasoning_text", [text])]))),
          .optional(
            "summary", .array(.variants(tag: "type", otherwise: nil, [.object("summary_text", [text])])),
            "Read where there is no content."), .accepted("encrypted_content", .string), id, status,
        ]),
      .object(
        "function_call",
        [
          .required("call_id", .nonEmptyString), .required("name", .nonEmptyString), .required("arguments", .string),
          id,
          status, .accepted("caller", .anyObject), .accepted("namespace", .string), .accepted("async", .boolean),
        ]),
      .object(
        "function_call_output",
        [
          .required("call_id", .nonEmptyString),
          .required("output", .either([.string, .array(.variants(tag: "type", otherwise: nil, parts))])), id, status,
          .accepted("caller", .anyObject), .accepted("name", .string), .accepted("namespace", .string),
        ]),
      .object("item_reference", [.required("id", .nonEmptyString, "An item of a stored response.")]),
      .refused("file_search_call", "searching files"), .refused("web_search_call", "searching the web"),
      .refused("computer_call", "using a computer"), .refused("computer_call_output", "using a computer"),
      .refused("image_generation_call", "image generation"), .refused("code_interpreter_call", "running code"),
      .refused("local_shell_call", "a shell"), .refused("local_shell_call_output", "a shell"),
      .refused("mcp_list_tools", "calling MCP servers"), .refused("mcp_call", "calling MCP servers"),
      .refused("custom_tool_call", "a tool with free text as input"),
      .refused("custom_tool_call_output", "a tool with free text as input"), .refused("compaction", "compaction"),
    ])

  private static let text = Field.required("text", .string)

  private static let parts: [FieldType.Variant] = [
    .object("input_text", [text, .accepted("prompt_cache_breakpoint", .anyObject)]),
    .object("output_text", [text, .accepted("annotations", .array(.any)), .accepted("logprobs", .array(.any))]),
    .object("refusal", [.required("refusal", .string)]), .refused("input_image", "image input"),
    .refused("input_file", "file input"), .refused("input_audio", "audio"),
  ]

  private static let tool = FieldType.variants(
    tag: "type", otherwise: nil,
    [
      .object(
        "function",
        [
          .required("name", .nonEmptyString), .optional("description", .string),
          .optional("parameters", .anyObject, "The arguments' JSON schema."), .optional("strict", .boolean),
          .accepted("allowed_callers", .array(.string)), .accepted("defer_loading", .boolean),
          .accepted("output_schema", .anyObject),
        ]), .refused("file_search", "searching files"), .refused("web_search", "searching the web"),
      .refused("web_search_preview", "searching the web"), .refused("computer_use_preview", "using a computer"),
      .refused("mcp", "calling MCP servers"), .refused("code_interpreter", "running code"),
      .refused("image_generation", "image generation"), .refused("local_shell", "a shell"),
      .refused("shell", "a shell"),
      .refused("custom", "a tool with free text as input"), .refused("apply_patch", "a patch"),
    ])

  private static let toolChoice = FieldType.variants(
    tag: "type", otherwise: nil,
    [
      .object("function", [.required("name", .nonEmptyString)]),
      .object(
        "allowed_tools",
        [
          .required("mode", .choice(["auto", "required"])),
          .required(
            "tools",
            .array(
              .variants(tag: "type", otherwise: nil, [.object("function", [.required("name", .nonEmptyString)])]))),
        ]),
    ])
}
