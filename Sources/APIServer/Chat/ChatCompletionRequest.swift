import JSON
import Serving

/// The body of `POST /v1/chat/completions`, checked.
///
/// docs/api.md says what becomes of each field.
package struct ChatCompletionRequest: Sendable {
  /// The model's name as asked for.
  package var model: String
  /// The conversation as templates expect it.
  var messages: [JSON]
  var tools = ToolFields()
  var modeChoice = ModeChoice()
  /// `chat_template_kwargs` without the mode.
  var templateArguments: JSONObject = [:]
  var sampling = SamplingOverrides()
  var seed: UInt64?
  var maximumTokens: Int?
  var stop: [String] = []
  /// `n`.
  var choices = 1
  /// `top_logprobs` where `logprobs` is true; nil where it is not.
  var scoredAlternatives: Int?
  /// `continue_final_message`.
  var continuesFinalMessage = false
  var addsGenerationPrompt = true
  var cacheSalt: String?
  var priority = 0
  /// Indices of messages after which the prompt is to be kept for reuse.
  var cacheBreakpoints: [Int] = []
  var wantsCacheReport = false
  /// `draft_tokens`.
  var draftTokens: Int?
  /// The text of `prediction`.
  var prediction: String?
  /// What the content has to be, in whichever dialect it is asked for.
  var constraint: OutputConstraint?
  var isStreamed = false
  var includesUsage = false
  /// Whether thoughts are made and counted, but not sent.
  var hidesThoughts = false
  var serviceTier: String?
  /// Places of the fields nobody knows.
  package var ignoredFields: [String] = []
}
