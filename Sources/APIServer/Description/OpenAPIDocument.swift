import HTTPTypes
import JSON

/// The API's description (OpenAPI 3.1), written from the endpoints and the schemas by which they check requests.
struct OpenAPIDocument {
  let endpoints: [Endpoint]
  let version: String

  var json: JSON {
    var paths: JSONObject = [:]
    for endpoint in endpoints {
      var operations = paths[endpoint.describedPath]?.objectValue ?? [:]
      operations[endpoint.method.rawValue.lowercased()] = operation(endpoint)
      paths[endpoint.describedPath] = .object(operations)
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "Apus", "version": .string(version),
        "description": """
        An inference server that speaks OpenAI's and Anthropic's APIs. A field it does not know is reported in the \
        header x-apus-ignored-fields; one it cannot act on is refused with a 400 that names it.
        """,
      ],
      "paths": .object(paths), "components": ["schemas": .object(Self.errors)],
    ]
  }

  private func operation(_ endpoint: Endpoint) -> JSON {
    var operation: JSONObject = ["summary": .string(endpoint.summary)]
    let inPath: [JSON] = endpoint.placeholders.map { placeholder in
      [
        "name": .string(placeholder.name), "in": "path", "required": true,
        "schema": ["type": "string", "minLength": 1],
      ]
    }
    let inQuery: [JSON] = endpoint.parameters.map { parameter in
      [
        "name": .string(parameter.name), "in": "query", "schema": .object(parameter.type.jsonSchema),
        "description": .string(parameter.note),
      ]
    }
    if !(inPath + inQuery).isEmpty { operation["parameters"] = .array(inPath + inQuery) }
    if let body = endpoint.body {
      var content: JSONObject = ["schema": .object(body.jsonSchema())]
      content["example"] = endpoint.example
      operation["requestBody"] = ["required": true, "content": ["application/json": .object(content)]]
    }
    var responses: JSONObject = ["200": success(endpoint)]
    for status in endpoint.errorStatuses {
      responses["\(status)"] = [
        "description": .string(Self.meanings[status] ?? "An error."),
        "content": [
          "application/json": ["schema": ["$ref": .string("#/components/schemas/\(endpoint.errorForm.rawValue)")]]
        ],
      ]
    }
    operation["responses"] = .object(responses)
    return .object(operation)
  }

  private func success(_ endpoint: Endpoint) -> JSON {
    var content: JSONObject = [
      endpoint.mediaType: endpoint.response.isEmpty
        ? [:] : ["schema": .object(ObjectSchema(endpoint.response).jsonSchema())]
    ]
    if endpoint.isStreamable { content["text/event-stream"] = ["schema": Self.event] }
    return ["description": "What was asked for.", "content": .object(content)]
  }

  /// One event of a stream.
  private static let event: JSON = [
    "type": "object", "required": ["data"],
    "properties": [
      "event": ["type": "string", "description": "The kind of event, in APIs that name it."],
      "data": ["type": "string", "description": "The event as JSON; [DONE] at the end of OpenAI's completions."],
    ],
  ]

  private static let meanings = [
    400: "The request is at fault; the message names the field.", 404: "There is no such model or object.",
    408: "The body did not arrive in time.", 413: "The body is too large.", 415: "The body is not said to be JSON.",
    429: "The server is busy; see Retry-After.", 500: "The server failed.", 503: "The server is shutting down.",
  ]

  /// The two forms of errors.
  private static let errors: JSONObject = {
    let text = FieldType.string
    func schema(_ fields: [Field]) -> JSON { .object(ObjectSchema(fields).jsonSchema()) }
    let error = ObjectSchema([
      .required("message", text), .required("type", text), .optional("param", text), .optional("code", text),
    ])
    let message = ObjectSchema([.required("type", text), .required("message", text)])
    return [
      Endpoint.ErrorForm.openAI.rawValue: schema([.required("error", .object(error))]),
      Endpoint.ErrorForm.anthropic.rawValue: schema([
        .required("type", .choice(["error"])), .required("error", .object(message)),
      ]),
    ]
  }()
}
