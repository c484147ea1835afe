/// What a command says when its input is at fault; printed as `Error: …` with exit code 1.
enum CommandError: Error, CustomStringConvertible {
  case unreadableInput(path: String, reason: String)
  case unwritableOutput(path: String, reason: String)
  case badInput(place: String, found: String, expected: String)
  case contextTooLong(tokens: Int, limit: Int, what: String)
  case unknownToken(id: Int, vocabularySize: Int, place: String)

  var description: String {
    switch self {
    case .unreadableInput(let path, let reason):
      "\(path): cannot be read: \(reason)"
    case .unwritableOutput(let path, let reason):
      "\(path): cannot be written: \(reason)"
    case .badInput(let place, let found, let expected):
      "\(place): expected \(expected), found \(found)"
    case .contextTooLong(let tokens, let limit, let what):
      "\(what) needs \(tokens) tokens of context; the model has \(limit)"
    case .unknownToken(let id, let vocabularySize, let place):
      "\(place): token \(id) is outside the vocabulary of \(vocabularySize)"
    }
  }
}
