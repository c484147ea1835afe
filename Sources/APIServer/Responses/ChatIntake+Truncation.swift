import JSON
import Serving

extension ChatIntake {
  /// Leaves out as many of the oldest turns as it takes for the prompt to fit, with room for the reply: what was asked
  /// for, up to half the context. System messages at the beginning stay; what is left begins with a user's message.
  func shorten(
    _ parsed: inout ChatCompletionRequest, _ choice: ServedModels.Choice, _ checkpoints: Checkpoints
  ) async throws(APIError) {
    let room = checkpoints.contextLength - min(parsed.maximumTokens ?? 1, checkpoints.contextLength / 2)
    let messages = parsed.messages
    let first = messages.prefix { $0["role"] == "system" }.count
    let starts = [first] + messages.indices.filter { $0 > first && messages[$0]["role"] == "user" }

    func candidate(_ index: Int) -> ChatCompletionRequest {
      var candidate = parsed
      candidate.messages = Array(messages[..<first] + messages[starts[index]...])
      return candidate
    }
    func fits(_ index: Int) async throws(APIError) -> Bool {
      var candidate = candidate(index)
      return try await prompt(&candidate, choice, checkpoints).tokens.count <= room
    }

    if try await fits(0) { return }
    // The last turn has to stay, whether it fits or not.
    var low = min(1, starts.count - 1)
    var high = starts.count - 1
    while low < high {
      let middle = (low + high) / 2
      if try await fits(middle) { high = middle } else { low = middle + 1 }
    }
    parsed = candidate(low)
  }
}
