import JSON
import Serving

/// The body of `POST /v1/chat/completions`, checked.
///
/// What becomes of each field (any other is reported in the header `x-apus-ignored-fields`):
///
/// | field | |
/// |---|---|
/// | `model` | required; a served name, or one with `:instruct` or `:thinking` behind it |
/// | `messages` | required; roles system, developer, user, assistant, tool; text only |
/// | `stream`, `stream_options.include_usage` | implemented |
/// | `max_completion_tokens`, `max_tokens` | implemented, the first wins; more than the context leaves means what it leaves |
/// | `temperature`, `top_p`, `seed`, `stop` | implemented |
/// | `top_k`, `min_p` | implemented, as extensions; `top_k` 0 and -1 keep all tokens |
/// | `n` | implemented: 1 to 128, each choice with a seed derived from `seed` |
/// | `logprobs`, `top_logprobs` | implemented for content, from the model's own distribution; see `Sampler.score` |
/// | `frequency_penalty`, `presence_penalty`, `logit_bias` | implemented, with the extension `repetition_penalty`; see `LogitAdjustment` |
/// | `thinking_budget` | implemented: tokens of thoughts; see `ChatRequest.thinkingBudget` |
/// | `tools`, `tool_choice` | implemented for functions; `tool_choice` `none` and `auto`, others refused |
/// | `parallel_tool_calls` | implemented: `false` ends the reply after the first call |
/// | `reasoning_effort`, `enable_thinking`, `chat_template_kwargs` | implemented: see `ModeChoice` |
/// | `cache_salt`, `cache_report`, `prompt_cache_breakpoint` in parts of content | implemented, the first two as extensions: see docs/caching.md |
/// | `service_tier` | echoed |
/// | `store`, `metadata`, `user`, `safety_identifier`, `prompt_cache_key`, `prompt_cache_retention`, `verbosity`, `prediction`, `stream_options.include_obfuscation` | accepted, without effect |
/// | `modalities`, `response_format` | only the values that ask for nothing; others refused |
/// | `audio`, `functions`, `function_call`, `web_search_options` | refused |
package struct ChatCompletionRequest: Sendable {
  /// The model's name as asked for.
  package var model: String
  /// The conversation as templates expect it.
  var messages: [JSON]
  var tools: [JSON] = []
  var allowsParallelToolCalls = true
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
  var thinkingBudget: Int?
  var cacheSalt: String?
  /// Indices of the messages with a `prompt_cache_breakpoint`.
  var cacheBreakpoints: [Int] = []
  var wantsCacheReport = false
  var isStreamed = false
  var includesUsage = false
  var serviceTier: String?
  /// Places of the fields nobody knows.
  package var ignoredFields: [String] = []
}
