import HTTP
import HTTPTypes
import JSON
import Serving

/// What is said of models, and what brings them in and out: `/v1/models`, and llama.cpp's `/models/load` and
/// `/models/unload`.
struct ModelEndpoints: Sendable {
  let models: ServedModels

  private static let body = ObjectSchema([.required("model", .nonEmptyString, "A served name.")])

  /// `POST /models/load`: returns when the model is there.
  func load(_ body: JSON, _ caller: Caller) async throws(APIError) -> Answer {
    let (unknown, choice) = try read(body, caller)
    try await models.with(choice) { _ async throws(APIError) in }
    return Answer(["success": true], ignoredFields: unknown)
  }

  /// `POST /models/unload`: returns when the model is gone.
  func unload(_ body: JSON, _ caller: Caller) async throws(APIError) -> Answer {
    let (unknown, choice) = try read(body, caller)
    guard await models.pool.unload(choice.model) else {
      throw APIError(
        .conflict, code: "model_in_use", parameter: "model",
        "The model '\(models.pool.models[choice.model].names[0])' is in use. Please retry later.")
    }
    return Answer(["success": true], ignoredFields: unknown)
  }

  private func read(_ body: JSON, _ caller: Caller) throws(APIError) -> ([String], ServedModels.Choice) {
    let unknown = try RequestCheck.unknownPlaces(in: body, Self.body)
    let name = body["model"]?.stringValue ?? ""
    try caller.check(model: name)
    return (unknown, try models.required(name))
  }

  /// The paths.
  func endpoints(_ exchange: ReplyExchange) -> [Endpoint] {
    let model: [Field] = [
      .required("id", .string), .required("object", .choice(["model"])),
      .required("status", .object(ObjectSchema([.required("value", .choice(ModelState.allCases.map(\.rawValue)))]))),
    ]
    let success: [Field] = [.required("success", .boolean)]
    return [
      Endpoint(
        method: .get, path: "/v1/models", summary: "The models and their aliases, and whether they are loaded.",
        response: [.required("object", .choice(["list"])), .required("data", .array(.object(ObjectSchema(model))))]
      ) { request, writer in
        try await exchange.answer(request, writer) { _ in Answer(models.list) }
      },
      Endpoint(
        method: .get, path: "/v1/models/{id...}", summary: "One model.", response: model, errors: [404]
      ) { request, writer in
        try await exchange.answer(request, writer) { request throws(APIError) in
          let name = request.pathParameters["id"] ?? ""
          return Answer(models.description(of: name, try models.required(name, parameter: nil)))
        }
      },
      Endpoint(
        method: .post, path: "/models/load", summary: "Loads a model, and answers when it is there.",
        body: Self.body, example: ["model": .string(models.defaultName)], response: success,
        errors: [403, 404, 429, 503]
      ) { request, writer in try await exchange.answer(request, writer, from: load) },
      Endpoint(
        method: .post, path: "/models/unload",
        summary:
          "Unloads a model that nobody uses, and answers when it is gone; the next request for it loads it again.",
        body: Self.body, response: success, errors: [403, 404, 409]
      ) { request, writer in try await exchange.answer(request, writer, from: unload) },
    ]
  }
}
