import HTTP
import HTTPTypes
import JSON

/// A path and method of the API. The router serves the same list that the description tells of.
struct Endpoint: Sendable {
  /// A parameter of the query.
  struct Parameter: Sendable {
    let name: String
    let type: FieldType
    let note: String
  }

  /// In which form errors are told.
  enum ErrorForm: String, Sendable {
    case openAI = "Error"
    case anthropic = "MessagesError"
  }

  let method: HTTPRequest.Method
  let path: String
  let summary: String
  var parameters: [Parameter] = []
  /// The members of the request's body; nil where there is none.
  var body: ObjectSchema?
  /// A body that is answered with 200.
  var example: JSON?
  /// The members of a response with status 200.
  let response: [Field]
  /// Whether a request can ask for server-sent events instead.
  var isStreamable = false
  /// Whether a request takes the model's time.
  var isGenerating = false
  /// Statuses of errors that can come from the endpoint itself, beside those that any request can meet.
  var errors: [Int] = []
  var errorForm = ErrorForm.openAI

  /// Whether only who has a key is answered, where there are keys.
  var wantsKey = true

  /// The media type of a response with status 200.
  var mediaType = "application/json"
  let handler: Router.Handler

  /// Every status the endpoint answers with beside 200.
  var errorStatuses: [Int] {
    let ofKeys = wantsKey ? [401, 429] : []
    let ofBody = body == nil ? [] : [400, 408, 413, 415]
    let ofGeneration = isGenerating ? [403, 404, 429, 500, 503] : []
    return Set(ofKeys + ofBody + ofGeneration + errors).sorted()
  }

  /// Names of the placeholders in the path.
  var placeholders: [(name: String, takesRest: Bool)] {
    path.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }.map { segment in
      let name = segment.dropFirst().dropLast()
      return name.hasSuffix("...") ? (String(name.dropLast(3)), true) : (String(name), false)
    }
  }

  /// The path as OpenAPI writes it.
  var describedPath: String { path.replacing("...}", with: "}") }
}
