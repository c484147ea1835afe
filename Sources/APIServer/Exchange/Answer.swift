import HTTP
import HTTPTypes
import JSON

/// The response of an endpoint that makes no tokens.
struct Answer: Sendable {
  let value: JSON
  let status: HTTPResponse.Status
  /// Places of the fields of the request that nobody knows.
  let ignoredFields: [String]

  init(_ value: JSON, status: HTTPResponse.Status = .ok, ignoredFields: [String] = []) {
    self.value = value
    self.status = status
    self.ignoredFields = ignoredFields
  }
}

extension ReplyExchange {
  /// Answers a request with a JSON body that makes no tokens.
  /// - Parameters:
  ///   - envelope: writes an error.
  ///   - work: makes the answer of the body, for who asks.
  func answer(
    _ request: Request, _ writer: consuming ResponseWriter, envelope: (APIError) -> JSON = \.envelope,
    from work: (JSON, Caller) async throws(APIError) -> Answer
  ) async throws {
    try await send(
      to: request, writer, envelope: envelope,
      await Result.catching {
        let answer = try await work(try await body.json(of: request), caller(request))
        try unknownFields.check(answer.ignoredFields)
        return answer
      })
  }

  /// Answers a request without a body.
  func answer(
    _ request: Request, _ writer: consuming ResponseWriter, with work: (Request) async throws(APIError) -> Answer
  ) async throws {
    try await send(
      to: request, writer, envelope: \.envelope, await Result.catching { try await work(request) })
  }

  private func send(
    to request: Request, _ writer: consuming ResponseWriter, envelope: (APIError) -> JSON,
    _ result: Result<Answer, any Error>
  ) async throws {
    var fields: HTTPFields = [
      .contentType: "application/json", .requestID: RequestIdentity.of(request.headerFields),
    ]
    switch result {
    case .success(let answer):
      if !answer.ignoredFields.isEmpty { fields[.ignoredFields] = IgnoredFields.headerValue(answer.ignoredFields) }
      try await writer.send(status: answer.status, headerFields: fields, body: answer.value.bytes)
    case .failure(let failure):
      let error = try Self.answerable(failure)
      for field in error.headerFields { fields.append(field) }
      try await writer.send(status: error.status, headerFields: fields, body: envelope(error).bytes)
    }
  }
}

extension Result where Failure == any Error {
  fileprivate static func catching(_ work: () async throws -> Success) async -> Self {
    do {
      return .success(try await work())
    } catch {
      return .failure(error)
    }
  }
}
