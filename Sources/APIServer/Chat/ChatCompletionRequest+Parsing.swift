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
    try self.init(&reader)
  }

  /// The fields of a body: what is asked for while one is read.
  static let schema: ObjectSchema = {
    let least: JSON = ["model": "model", "messages": [["role": "user", "content": ""]]]
    guard var reader = try? ObjectReader(least, at: ""), (try? ChatCompletionRequest(&reader)) != nil else {
      preconditionFailure("a request without any options can be read")
    }
    return ObjectSchema(reader.fields)
  }()

  private init(_ reader: inout ObjectReader) throws(APIError) {
    model = try reader.requiredString("model")
    let list = try reader.requiredArray("messages")
    var messageReader = MessageReader()
    messages = try messageReader.messages(list)
    cacheBreakpoints = messageReader.cacheBreakpoints
    cacheSalt = try reader.string("cache_salt")
    priority = try reader.integer("priority", in: Field.priorities) ?? 0
    wantsCacheReport = try reader.bool("cache_report") ?? false
    try readSampling(&reader)
    try readScores(&reader)
    try readStream(&reader)
    try readDrafting(&reader)
    tools = try ToolFields(&reader)
    try readMode(&reader)
    try readContinuation(&reader)
    constraint = try OutputConstraint.read(&reader)
    try refuseUnsupported(&reader)
    serviceTier = try reader.checked("service_tier", as: .serviceTier)?.stringValue
    try acceptNoted(&reader)
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
    sampling.bias = try LogitBias.read(try reader.object("logit_bias") ?? [:])
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

  private mutating func readDrafting(_ reader: inout ObjectReader) throws(APIError) {
    draftTokens = try reader.integer("draft_tokens", in: 0 ... .max)
    guard let object = try reader.object("prediction") else { return }
    var predictionReader = try ObjectReader(.object(object), at: "prediction")
    _ = try predictionReader.choice("type", among: ["content"])
    switch predictionReader.value("content") {
    case nil: break
    case .string(let text): prediction = text
    case .array(let parts): prediction = try Self.text(of: parts, at: "prediction.content")
    case .some(let value):
      throw .wrongType("prediction.content", expected: "a string or an array of text parts", found: value)
    }
    ignoredFields += predictionReader.unknownPlaces
  }

  private static func text(of parts: [JSON], at place: String) throws(APIError) -> String {
    var text = ""
    for (index, part) in parts.enumerated() {
      var reader = try ObjectReader(part, at: "\(place)[\(index)]")
      _ = try reader.choice("type", among: ["text"])
      text += try reader.string("text") ?? ""
    }
    return text
  }

  private mutating func readMode(_ reader: inout ObjectReader) throws(APIError) {
    try modeChoice.read(&reader, ignoredFields: &ignoredFields, isHidden: &hidesThoughts)
    templateArguments = try modeChoice.readTemplateArguments(&reader)
    for name in templateArguments.keys where ChatFormat.reservedVariables.contains(name) {
      let place = "chat_template_kwargs.\(name)"
      throw .wrongValue(place, "'\(place)' cannot be set: the server gives templates this variable.")
    }
  }

  /// Whether the reply is a new message, or the rest of the last one.
  private mutating func readContinuation(_ reader: inout ObjectReader) throws(APIError) {
    continuesFinalMessage = try reader.bool("continue_final_message") ?? false
    let addsPrompt = try reader.bool("add_generation_prompt")
    addsGenerationPrompt = addsPrompt ?? !continuesFinalMessage
    guard continuesFinalMessage else { return }
    guard !addsGenerationPrompt else {
      throw .wrongValue(
        "add_generation_prompt", "'add_generation_prompt' and 'continue_final_message' cannot both be true.")
    }
    guard messages.last?["role"] == "assistant" else {
      throw .wrongValue(
        "continue_final_message", "'continue_final_message' needs a last message with the role 'assistant'.")
    }
  }

  /// Fields without effect, which must still have the right type.
  private func acceptNoted(_ reader: inout ObjectReader) throws(APIError) {
    _ = try reader.bool("store")
    _ = try reader.checked("metadata", as: .metadata)
    _ = try reader.object("prompt_cache_options")
    for field in ["user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"] {
      _ = try reader.string(field)
    }
    _ = try reader.choice("verbosity", among: ["low", "medium", "high"])
  }

  /// Fields that change the reply and cannot be met: refused, unless they ask for what happens anyway.
  private func refuseUnsupported(_ reader: inout ObjectReader) throws(APIError) {
    if let modalities = try reader.array("modalities"), modalities != [.string("text")] {
      throw .unsupported("modalities", "any modality but text")
    }
    let refused = [
      ("audio", "audio output"), ("functions", "this predecessor of 'tools'"),
      ("function_call", "this predecessor of 'tool_choice'"), ("web_search_options", "searching the web"),
      ("moderation", "moderation"),
    ]
    for (field, what) in refused where reader.value(field) != nil { throw .unsupported(field, what) }
  }
}
