import HTTP
import HTTPTypes
import JSON
import Serving

/// The paths of the API, each with what it takes and gives.
extension APIServer {
  /// Everything the server answers, in the order in which it is described.
  var endpoints: [Endpoint] {
    generation + storedResponses.endpoints(exchange) + tokens.endpoints(exchange, example: conversation)
      + [embeddings] + ModelEndpoints(models: models).endpoints(exchange) + information + operation.endpoints
  }

  /// A question to the model.
  private var conversation: JSON {
    [
      "model": .string(models.defaultName), "messages": [["role": "user", "content": "What is Apus?"]], "max_tokens": 8,
    ]
  }

  private func generating(
    _ path: String, _ summary: String, _ body: ObjectSchema, example: JSON, response: [Field],
    as format: some WireFormat,
    errorForm: Endpoint.ErrorForm = .openAI
  ) -> Endpoint {
    Endpoint(
      method: .post, path: path, summary: summary, body: body, example: example, response: response, isStreamable: true,
      isGenerating: true, errorForm: errorForm
    ) { [exchange] request, writer in try await exchange.answer(request, writer, as: format) }
  }

  private var generation: [Endpoint] {
    let model = JSON.string(models.defaultName)
    let choices: [Field] = [
      .required("id", .string), .required("object", .string), .required("created", .integer(0 ... .max)),
      .required("model", .string), .required("choices", .array(.anyObject)), .optional("usage", .anyObject),
    ]
    let message: [Field] = [
      .required("id", .string), .required("type", .choice(["message"])), .required("role", .choice(["assistant"])),
      .required("model", .string), .required("content", .array(.anyObject)), .required("usage", .anyObject),
      .required("stop_reason", .string),
    ]
    return [
      generating(
        "/v1/chat/completions", "Replies to a conversation (OpenAI's chat completions).", ChatCompletionRequest.schema,
        example: conversation,
        response: choices, as: chat),
      generating(
        "/v1/responses", "Makes a response (OpenAI's Responses API).", ResponsesSchema.body,
        example: ["model": model, "input": "What is Apus?", "max_output_tokens": 8],
        response: StoredResponses.response, as: responses),
      generating(
        "/v1/messages", "Replies to a conversation (Anthropic's Messages API).", MessagesSchema.body,
        example: conversation, response: message, as: messages, errorForm: .anthropic),
      generating(
        "/v1/completions", "Goes on from a prompt without a chat template.", CompletionsSchema.body,
        example: ["model": model, "prompt": "Apus is", "max_tokens": 8], response: choices, as: completions),
      Endpoint(
        method: .post, path: "/v1/messages/count_tokens", summary: "Counts the tokens of a Messages conversation.",
        body: MessagesSchema.countBody, example: conversation,
        response: [.required("input_tokens", .integer(0 ... .max))],
        errors: [403, 404, 429, 503], errorForm: .anthropic
      ) { [exchange, messages] request, writer in
        try await exchange.answer(request, writer, envelope: MessagesError.envelope, from: messages.count)
      },
      Endpoint(
        method: .post, path: "/v1/responses/input_tokens", summary: "Counts the tokens of a response's input.",
        body: ResponsesSchema.countBody, example: ["model": model, "input": "What is Apus?"],
        response: [.required("object", .string), .required("input_tokens", .integer(0 ... .max))],
        errors: [403, 404, 429, 503]
      ) { [exchange, responses] request, writer in
        try await exchange.answer(request, writer, from: responses.count)
      },
    ]
  }

  /// No architecture here makes embeddings, so every request for them is one for a model that does not.
  private var embeddings: Endpoint {
    let body = ObjectSchema([
      .required("model", .nonEmptyString),
      .required("input", .either([.string, .array(.any, count: 1 ... .max)]), "What to embed."),
      .accepted("encoding_format", .choice(["float", "base64"])), .accepted("dimensions", .integer(1 ... .max)),
      .accepted("user", .string),
    ])
    return Endpoint(
      method: .post, path: "/v1/embeddings", summary: "Refused: the served model makes no embeddings.", body: body,
      response: [], errors: [404]
    ) { [exchange, models] request, writer in
      try await exchange.answer(request, writer) { value, _ throws(APIError) in
        _ = try RequestCheck.unknownPlaces(in: value, body)
        let name = value["model"]?.stringValue ?? ""
        _ = try models.required(name)
        throw APIError(
          .badRequest, code: "unsupported_model", parameter: "model",
          "The model '\(name.excerpt)' generates text; its configuration does not declare it an embedding model.")
      }
    }
  }

  private var information: [Endpoint] {
    [
      Endpoint(
        method: .get, path: "/openapi.json", summary: "This description.",
        response: [.required("openapi", .string), .required("paths", .anyObject)]
      ) { [self] request, writer in
        try await exchange.answer(request, writer) { _ in
          Answer(OpenAPIDocument(endpoints: endpoints, version: version).json)
        }
      },
      Endpoint(
        method: .get, path: "/docs", summary: "This description, to read.", response: [], mediaType: "text/html"
      ) { [self] _, writer in
        try await writer.send(
          status: .ok, headerFields: DocumentationPage.headerFields,
          body: Array(DocumentationPage(endpoints: endpoints).html.utf8))
      },
    ]
  }
}
