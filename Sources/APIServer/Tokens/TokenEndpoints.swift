import ChatTemplate
import HTTP
import HTTPTypes
import JSON
import Serving
import Tokenizer

/// Text to tokens and back, and conversations to prompts, as the model reads them: `tokenize` and `detokenize` as vLLM
/// has them, and `render`.
struct TokenEndpoints: Sendable {
  let intake: ChatIntake

  /// Token ids one request may ask to decode.
  private static let mostTokens = 1 << 20

  static let tokenizeBody = ObjectSchema([
    .optional("model", .nonEmptyString, "A served name; the first one if absent."),
    .optional("prompt", .string, "The text. Either this or `messages`."),
    .optional("messages", .array(.anyObject, count: 1 ... .max), "A conversation, rendered as for a chat completion."),
    .optional(
      "add_special_tokens", .boolean,
      "Whether `prompt` gets the token that the model wants at its beginning, if it has one. Default: true."),
    .optional("return_token_strs", .boolean, "Whether `token_strs` lists each token as the vocabulary writes it."),
    .optional("tools", .array(.anyObject), "With `messages`: as in a chat completion."),
    .optional("chat_template_kwargs", .anyObject, "With `messages`: as in a chat completion."),
    .optional("enable_thinking", .boolean, "With `messages`: as in a chat completion."),
    .optional("reasoning_effort", .string, "With `messages`: as in a chat completion."),
  ])

  static let detokenizeBody = ObjectSchema([
    .optional("model", .nonEmptyString, "A served name; the first one if absent."),
    .required("tokens", .array(.integer(0...Int(Int32.max)), count: 0...mostTokens), "Token ids."),
  ])

  /// `POST /tokenize`.
  func tokenize(_ body: JSON, _ caller: Caller) async throws(APIError) -> Answer {
    let unknown = try RequestCheck.unknownPlaces(in: body, Self.tokenizeBody)
    let (tokens, checkpoints): ([Int32], Checkpoints)
    switch (body["prompt"]?.stringValue, body["messages"]?.arrayValue) {
    case (let text?, nil):
      (tokens, checkpoints) = try await with(body["model"], caller) { checkpoints throws(APIError) in
        (
          try await encode(text, withBeginToken: body["add_special_tokens"]?.boolValue ?? true, checkpoints),
          checkpoints
        )
      }
    case (nil, _?):
      let (prompt, own) = try await prompt(body, caller)
      (tokens, checkpoints) = (prompt.tokens, own)
    case (nil, nil): throw .missing("prompt")
    case (_?, _?): throw .wrongValue("messages", "'prompt' and 'messages' exclude each other.")
    }
    var answer = describe(tokens, checkpoints)
    if body["return_token_strs"]?.boolValue == true {
      let tokenizer = checkpoints.tokenizer
      answer["token_strs"] = .array(tokens.map { .string(tokenizer.token($0) ?? "") })
    }
    return Answer(.object(answer), ignoredFields: unknown)
  }

  /// `POST /detokenize`.
  func detokenize(_ body: JSON, _ caller: Caller) async throws(APIError) -> Answer {
    let unknown = try RequestCheck.unknownPlaces(in: body, Self.detokenizeBody)
    let text = try await with(body["model"], caller) { checkpoints throws(APIError) in
      let tokenizer = checkpoints.tokenizer
      var tokens: [Int32] = []
      for (index, value) in (body["tokens"]?.arrayValue ?? []).enumerated() {
        guard let id = value.intValue.flatMap(Int32.init(exactly:)), tokenizer.bytes(of: id) != nil else {
          throw .wrongValue("tokens[\(index)]", "'tokens[\(index)]' is no token of this model: \(value).")
        }
        tokens.append(id)
      }
      return await elsewhere { [tokens] in tokenizer.decode(tokens) }
    }
    return Answer(["prompt": .string(text)], ignoredFields: unknown)
  }

  /// `POST /render`: the body of a chat completion, and what the model would read.
  func render(_ body: JSON, _ caller: Caller) async throws(APIError) -> Answer {
    var parsed = try ChatCompletionRequest(body)
    let (prompt, checkpoints) = try await intake.prompt(&parsed, caller)
    let tokenizer = checkpoints.tokenizer
    var answer: JSONObject = [
      "prompt": .string(await elsewhere { tokenizer.decode(prompt.tokens) }),
      "starts_in_reasoning": .bool(prompt.startsInReasoning),
    ]
    for (key, value) in describe(prompt.tokens, checkpoints) { answer[key] = value }
    return Answer(.object(answer), ignoredFields: parsed.ignoredFields)
  }

  /// `GET /tokenizer_info`: what clients need that write prompts themselves, as vLLM tells it.
  func information(_ request: Request, _ caller: Caller) async throws(APIError) -> Answer {
    let name = QueryReader(request.query)["model"]
    return try await with(name.map(JSON.string), caller) { checkpoints throws(APIError) in
      let format = checkpoints.main.format
      var answer: JSONObject = [
        "tokenizer_class": "apus", "model_max_length": .integer(checkpoints.contextLength),
        "add_bos_token": .bool(format.beginsPrompts), "chat_template": .string(format.template.source),
      ]
      for (name, text) in format.specialTokenTexts { answer[name] = .string(text) }
      return Answer(.object(answer))
    }
  }

  // MARK: - Parts

  /// The prompt of a body with `messages` that may lack a model.
  private func prompt(
    _ body: JSON, _ caller: Caller
  ) async throws(APIError) -> (prompt: ChatFormat.Prompt, checkpoints: Checkpoints) {
    var members: JSONObject = ["model": .string(intake.models.defaultName)]
    for (key, value) in body.objectValue ?? [:] where key != "return_token_strs" && !value.isNull {
      members[key] = value
    }
    var parsed = try ChatCompletionRequest(.object(members))
    return try await intake.prompt(&parsed, caller)
  }

  private func encode(
    _ text: String, withBeginToken: Bool, _ checkpoints: Checkpoints
  ) async throws(APIError) -> [Int32] {
    guard withBeginToken else {
      return await elsewhere { [tokenizer = checkpoints.tokenizer] in tokenizer.encode(text) }
    }
    do {
      return try await checkpoints.main.tokens(of: .text(text))
    } catch {
      throw APIError(error)
    }
  }

  /// Does something with the model that a request names, or else with the first one.
  private func with<Value>(
    _ name: JSON?, _ caller: Caller, _ work: (Checkpoints) async throws(APIError) -> Value
  ) async throws(APIError) -> Value {
    let name = name?.stringValue ?? intake.models.defaultName
    try caller.check(model: name)
    return try await intake.models.with(try intake.models.required(name), work)
  }

  private func describe(_ tokens: [Int32], _ checkpoints: Checkpoints) -> JSONObject {
    [
      "count": .integer(tokens.count), "max_model_len": .integer(checkpoints.contextLength),
      "tokens": .array(tokens.map { .integer(Int($0)) }),
    ]
  }

  /// Long texts take long, so event loops do not do it.
  private func elsewhere<Value: Sendable>(_ work: @Sendable @escaping () -> Value) async -> Value {
    await withTaskExecutorPreference(globalConcurrentExecutor) { work() }
  }
}

// MARK: - Paths

extension TokenEndpoints {
  /// - Parameter example: the body of a chat completion.
  func endpoints(_ exchange: ReplyExchange, example: JSON) -> [Endpoint] {
    func endpoint(
      _ path: String, _ summary: String, _ body: ObjectSchema, example: JSON, response: [Field],
      _ work: @escaping @Sendable (JSON, Caller) async throws(APIError) -> Answer
    ) -> Endpoint {
      Endpoint(
        method: .post, path: path, summary: summary, body: body, example: example, response: response,
        errors: [403, 404, 429, 503]
      ) { request, writer in try await exchange.answer(request, writer, from: work) }
    }
    let ids: [Field] = [
      .required("count", .integer(0 ... .max)), .required("max_model_len", .integer(1 ... .max)),
      .required("tokens", .array(.integer(0 ... .max))),
    ]
    let text = Field.required("prompt", .string)
    let both = ["/v1", ""].flatMap { prefix in
      [
        endpoint(
          prefix + "/tokenize", "Text, or a conversation, to token ids.", Self.tokenizeBody,
          example: ["prompt": "What is Apus?"], response: ids, tokenize),
        endpoint(
          prefix + "/detokenize", "Token ids to text.", Self.detokenizeBody, example: ["tokens": [1, 2, 3]],
          response: [text], detokenize),
      ]
    }
    let specialTokens = Endpoint(
      method: .get, path: "/tokenizer_info", summary: "Special tokens and chat template, as vLLM tells them.",
      parameters: [.init(name: "model", type: .nonEmptyString, note: "A served name; the first one if absent.")],
      response: [
        .required("tokenizer_class", .string), .required("model_max_length", .integer(1 ... .max)),
        .required("add_bos_token", .boolean),
        .optional("bos_token", .string), .optional("eos_token", .string), .optional("pad_token", .string),
        .optional("unk_token", .string), .required("chat_template", .string),
      ], errors: [403, 404, 503]
    ) { request, writer in
      try await exchange.answer(request, writer) { request throws(APIError) in
        try await information(request, exchange.caller(request))
      }
    }
    return both + [
      specialTokens,
      endpoint(
        "/v1/render", "A conversation as the model reads it.", ChatCompletionRequest.schema, example: example,
        response: [text] + ids,
        render),
    ]
  }
}
