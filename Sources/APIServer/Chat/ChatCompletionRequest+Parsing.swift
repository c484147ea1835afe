package import JSON
import Serving

extension ChatCompletionRequest {
  /// Stop strings at most, and the longest in bytes: what is held back of a stream is bounded by it.
  private static let maximumStops = 4
  private static let longestStop = 1024

  /// Reads a body.
  /// - Throws: an `APIError` that names the field at fault.
  package init(_ body: JSON) throws(APIError) {
    var reader = try ObjectReader(body, at: "")
    model = try reader.requiredString("model")
    guard let list = try reader.array("messages") else { throw .missing("messages") }
    var messageReader = MessageReader()
    messages = try messageReader.messages(list)
    cacheBreakpoints = messageReader.cacheBreakpoints
    cacheSalt = try reader.string("cache_salt")
    wantsCacheReport = try reader.bool("cache_report") ?? false
    try readSampling(&reader)
    try readScores(&reader)
    try readStream(&reader)
    try readTools(&reader)
    try readMode(&reader)
    try refuseUnsupported(&reader)
    serviceTier = try reader.string("service_tier")
    reader.accept(
      "store", "metadata", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "verbosity",
      "prediction")
    ignoredFields += reader.unknownPlaces + messageReader.ignoredFields
  }

  private mutating func readSampling(_ reader: inout ObjectReader) throws(APIError) {
    sampling.temperature = try reader.number("temperature", in: 0...2)
    sampling.topP = try reader.number("top_p", in: 0...1)
    sampling.minP = try reader.number("min_p", in: 0...1)
    sampling.topK = try reader.integer("top_k", in: -1 ... .max).map { max(0, $0) }
    seed = try reader.integer("seed", in: .min ... .max).map { UInt64(bitPattern: Int64($0)) }
    try readPenalties(&reader)
    choices = try reader.integer("n", in: 1...128) ?? 1
    let longest = try reader.integer("max_tokens", in: 1 ... .max)
    maximumTokens = try reader.integer("max_completion_tokens", in: 1 ... .max) ?? longest
    switch reader.value("stop") {
    case nil: break
    case .string(let text): stop = [text]
    case .array(let list):
      guard list.count <= Self.maximumStops else {
        throw .wrongValue("stop", "'stop' may have up to \(Self.maximumStops) strings, but has \(list.count).")
      }
      for (index, element) in list.enumerated() {
        guard let text = element.stringValue else {
          throw .wrongType("stop[\(index)]", expected: "a string", found: element)
        }
        stop.append(text)
      }
    case .some(let value): throw .wrongType("stop", expected: "a string or an array of strings", found: value)
    }
    guard stop.allSatisfy({ (1...Self.longestStop).contains($0.utf8.count) }) else {
      throw .wrongValue("stop", "'stop' must have strings of 1 to \(Self.longestStop) bytes.")
    }
  }

  private mutating func readPenalties(_ reader: inout ObjectReader) throws(APIError) {
    sampling.frequencyPenalty = try reader.number("frequency_penalty", in: -2...2)
    sampling.presencePenalty = try reader.number("presence_penalty", in: -2...2)
    sampling.repetitionPenalty = try reader.number("repetition_penalty", in: 0.01...10)
    for (key, value) in try reader.object("logit_bias") ?? [:] {
      let place = "logit_bias.\(key.excerpt)"
      guard let id = Int32(key) else {
        throw .wrongValue("logit_bias", "'logit_bias' must have token ids as keys, but has '\(key.excerpt)'.")
      }
      guard let bias = value.doubleValue else { throw .wrongType(place, expected: "a number", found: value) }
      guard (-100...100).contains(bias) else {
        throw .wrongValue(place, "'\(place)' must be a number from -100 to 100, but is \(bias).")
      }
      sampling.bias[id] = bias
    }
  }

  private mutating func readScores(_ reader: inout ObjectReader) throws(APIError) {
    let isWanted = try reader.bool("logprobs") ?? false
    let alternatives = try reader.integer("top_logprobs", in: 0...20)
    if isWanted { scoredAlternatives = alternatives ?? 0 }
    guard isWanted || alternatives ?? 0 == 0 else {
      throw .wrongValue("top_logprobs", "'top_logprobs' is only allowed where 'logprobs' is true.")
    }
  }

  private mutating func readStream(_ reader: inout ObjectReader) throws(APIError) {
    isStreamed = try reader.bool("stream") ?? false
    guard let options = reader.value("stream_options") else { return }
    guard isStreamed else {
      throw .wrongValue("stream_options", "'stream_options' is only allowed where 'stream' is true.")
    }
    var optionsReader = try ObjectReader(options, at: "stream_options")
    includesUsage = try optionsReader.bool("include_usage") ?? false
    optionsReader.accept("include_obfuscation")
    ignoredFields += optionsReader.unknownPlaces
  }

  private mutating func readMode(_ reader: inout ObjectReader) throws(APIError) {
    thinkingBudget = try reader.integer("thinking_budget", in: 0 ... .max)
    modeChoice.enableThinking = try reader.bool("enable_thinking")
    modeChoice.reasoningEffort = try reader.choice("reasoning_effort", among: ModeChoice.efforts)
    guard let arguments = try reader.object("chat_template_kwargs") else { return }
    var argumentReader = try ObjectReader(.object(arguments), at: "chat_template_kwargs")
    modeChoice.templateArgument = try argumentReader.bool(ModelModes.switchVariable)
    templateArguments = arguments
    templateArguments.removeValue(forKey: ModelModes.switchVariable)
    for name in templateArguments.keys where ChatFormat.reservedVariables.contains(name) {
      let place = argumentReader.place(name)
      throw .wrongValue(place, "'\(place)' cannot be set: the server gives templates this variable.")
    }
  }

  private mutating func readTools(_ reader: inout ObjectReader) throws(APIError) {
    allowsParallelToolCalls = try reader.bool("parallel_tool_calls") ?? true
    for (index, tool) in (try reader.array("tools") ?? []).enumerated() {
      let place = "tools[\(index)]"
      var toolReader = try ObjectReader(tool, at: place)
      guard try toolReader.requiredString("type") == "function" else {
        throw .unsupported("\(place).type", "any tool but functions")
      }
      guard let function = toolReader.value("function") else { throw .missing("\(place).function") }
      var functionReader = try ObjectReader(function, at: "\(place).function")
      _ = try functionReader.requiredString("name")
      _ = try functionReader.string("description")
      _ = try functionReader.object("parameters")
      // Nothing makes the model keep to the schema yet, so a wish for that is not met.
      if try functionReader.bool("strict") == true { ignoredFields.append("\(place).function.strict") }
      tools.append(tool)
    }
    switch reader.value("tool_choice") {
    case nil, .string("auto"): break
    case .string("none"):
      // A model that is not told of tools calls none.
      tools = []
    case .string("required"): throw .unsupported("tool_choice", "forcing a tool call")
    case .object: throw .unsupported("tool_choice", "choosing among the tools")
    case .some(let value):
      throw value.stringValue == nil
        ? .wrongType("tool_choice", expected: "a string or an object", found: value)
        : .wrongValue("tool_choice", "'tool_choice' must be 'none' or 'auto'.")
    }
  }

  /// Fields that change the reply and cannot be met: refused, unless they ask for what happens anyway.
  private func refuseUnsupported(_ reader: inout ObjectReader) throws(APIError) {
    if let format = reader.value("response_format") {
      var formatReader = try ObjectReader(format, at: "response_format")
      guard try formatReader.requiredString("type") == "text" else {
        throw .unsupported("response_format", "any format but text")
      }
    }
    if let modalities = try reader.array("modalities"), modalities != [.string("text")] {
      throw .unsupported("modalities", "any modality but text")
    }
    let refused = [
      ("audio", "audio output"), ("functions", "this predecessor of 'tools'"),
      ("function_call", "this predecessor of 'tool_choice'"), ("web_search_options", "searching the web"),
    ]
    for (field, what) in refused where reader.value(field) != nil { throw .unsupported(field, what) }
  }
}
