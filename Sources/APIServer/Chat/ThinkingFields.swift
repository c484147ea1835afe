import JSON
import Serving

extension ModeChoice {
  /// Reads every field that clients have for thinking, each dialect's own, and turns it into wishes.
  ///
  /// | field | whose |
  /// |---|---|
  /// | `reasoning_effort` | OpenAI |
  /// | `reasoning: {effort, enabled, max_tokens}` | OpenRouter, OpenAI's Responses |
  /// | `thinking: {type, budget_tokens}` | Anthropic; `type` is `enabled`, `disabled` or `adaptive` |
  /// | `enable_thinking`, `thinking_budget` | Alibaba's Model Studio |
  /// | `thinking_token_budget` | vLLM |
  /// | `chat_template_kwargs: {enable_thinking, thinking, thinking_budget, reasoning_effort}` | vLLM, SGLang |
  ///
  /// - Parameters:
  ///   - ignoredFields: gets the places of members nobody knows.
  ///   - isHidden: is set where thoughts are to be left out of the reply: OpenRouter's `reasoning.exclude`, and its and
  ///     vLLM's `include_reasoning`.
  mutating func read(
    _ reader: inout ObjectReader, ignoredFields: inout [String], isHidden: inout Bool
  ) throws(APIError) {
    let isIncluded = try reader.bool("include_reasoning")
    isHidden = isIncluded == false
    try readMode("enable_thinking", of: &reader)
    try readEffort("reasoning_effort", of: &reader)
    try readBudget("thinking_budget", of: &reader)
    try readBudget("thinking_token_budget", of: &reader)
    if let value = reader.value("reasoning") {
      var reasoning = try ObjectReader(value, at: reader.place("reasoning"))
      try readEffort("effort", of: &reasoning)
      try readMode("enabled", of: &reasoning)
      try readBudget("max_tokens", of: &reasoning)
      if let isExcluded = try reasoning.bool("exclude") {
        guard isIncluded != isExcluded else {
          throw .wrongValue(
            reasoning.place("exclude"), "'include_reasoning' and 'reasoning.exclude' contradict each other.")
        }
        isHidden = isExcluded
      }
      ignoredFields += reasoning.unknownPlaces
    }
    if let value = reader.value("thinking") {
      var thinking = try ObjectReader(value, at: reader.place("thinking"))
      let place = thinking.place("type")
      switch try thinking.choice("type", among: ["enabled", "disabled", "adaptive"]) {
      case "enabled": ask(.mode(.thinking), field: place, value: "\"enabled\"")
      case "disabled": ask(.mode(.instruct), field: place, value: "\"disabled\"")
      case "adaptive": break
      default: throw .missing(place)
      }
      try readBudget("budget_tokens", of: &thinking)
      ignoredFields += thinking.unknownPlaces
    }
  }

  /// Reads the variables among a template's arguments that choose the mode; returns the others.
  mutating func readTemplateArguments(_ reader: inout ObjectReader) throws(APIError) -> JSONObject {
    guard let arguments = try reader.object("chat_template_kwargs") else { return [:] }
    var argumentReader = try ObjectReader(.object(arguments), at: reader.place("chat_template_kwargs"))
    for name in ModelModes.switchVariables { try readMode(name, of: &argumentReader) }
    try readBudget("thinking_budget", of: &argumentReader)
    try readEffort("reasoning_effort", of: &argumentReader)
    var others = arguments
    for name in ModelModes.switchVariables + ["thinking_budget", "reasoning_effort"] {
      others.removeValue(forKey: name)
    }
    return others
  }

  private mutating func readMode(_ key: String, of reader: inout ObjectReader) throws(APIError) {
    guard let thinks = try reader.bool(key) else { return }
    ask(.mode(thinks ? .thinking : .instruct), field: reader.place(key), value: "\(thinks)")
  }

  private mutating func readEffort(_ key: String, of reader: inout ObjectReader) throws(APIError) {
    guard let effort = try reader.choice(key, among: Self.efforts) else { return }
    ask(.effort(effort), field: reader.place(key), value: "\"\(effort)\"")
  }

  private mutating func readBudget(_ key: String, of reader: inout ObjectReader) throws(APIError) {
    guard let tokens = try reader.integer(key, in: 0 ... .max) else { return }
    ask(.budget(tokens), field: reader.place(key), value: "\(tokens)")
  }
}
