import JSON
import Serving

extension OutputConstraint {
  /// The constraint that a request asks for, in whichever dialect: OpenAI's `response_format`, vLLM's
  /// `structured_outputs` and, before that, `guided_json`, `guided_regex`, `guided_choice`, `guided_grammar`, and
  /// llama.cpp's `grammar`. Nil if it asks for none.
  ///
  /// - Throws: an `APIError` that names the field at fault, or the two that contradict each other.
  static func read(_ reader: inout ObjectReader) throws(APIError) -> OutputConstraint? {
    var found: [OutputConstraint] = []
    if let format = reader.value("response_format") {
      if let constraint = try responseFormat(format) { found.append(constraint) }
    }
    if let structured = reader.value("structured_outputs") {
      var structuredReader = try ObjectReader(structured, at: "structured_outputs")
      found += try texts(&structuredReader, prefix: "", at: "structured_outputs.")
      if try structuredReader.bool("json_object") ?? false {
        found.append(OutputConstraint(.jsonObject, field: "structured_outputs.json_object"))
      }
      if let place = structuredReader.unknownPlaces.first {
        throw .unsupported(place, "this way of constraining the reply")
      }
    }
    found += try texts(&reader, prefix: "guided_", at: "")
    if let source = try reader.string("grammar"), !source.isEmpty {
      found.append(grammar(source, field: "grammar"))
    }
    guard found.count <= 1 else {
      throw .wrongValue(
        found[1].field, "'\(found[0].field)' and '\(found[1].field)' cannot both say what the reply has to be.")
    }
    return found.first
  }

  private static func responseFormat(_ format: JSON) throws(APIError) -> OutputConstraint? {
    var reader = try ObjectReader(format, at: "response_format")
    switch try reader.choice("type", among: ["text", "json_object", "json_schema", "grammar"]) {
    case "text": return nil
    case "json_object": return OutputConstraint(.jsonObject, field: "response_format")
    case "json_schema":
      guard let value = reader.value("json_schema") else { throw .missing("response_format.json_schema") }
      var schemaReader = try ObjectReader(value, at: "response_format.json_schema")
      _ = try schemaReader.requiredString("name")
      _ = try schemaReader.string("description")
      // Replies keep to the schema in any case.
      _ = try schemaReader.bool("strict")
      guard let schema = schemaReader.value("schema") else { throw .missing("response_format.json_schema.schema") }
      return OutputConstraint(.jsonSchema(schema), field: "response_format.json_schema.schema")
    case "grammar": return grammar(try reader.requiredString("grammar"), field: "response_format.grammar")
    default: throw .missing("response_format.type")
    }
  }

  /// A grammar in GBNF or, where nothing in it is defined by `::=` or it begins as llguidance's grammars do, in Lark's
  /// notation: as vLLM and llama.cpp tell them apart.
  private static func grammar(_ source: String, field: String) -> OutputConstraint {
    let isLark =
      source.hasPrefix("%llguidance")
      || !source.split(whereSeparator: \.isNewline).contains { line in
        let end = ["#", "//"].compactMap { line.firstRange(of: $0)?.lowerBound }.min() ?? line.endIndex
        return line[..<end].contains("::=")
      }
    return OutputConstraint(isLark ? .lark(source) : .gbnf(source), field: field)
  }

  /// vLLM's fields: `json` (an object, or its text), `regex`, `choice`, `grammar`.
  private static func texts(
    _ reader: inout ObjectReader, prefix: String, at path: String
  ) throws(APIError) -> [OutputConstraint] {
    var found: [OutputConstraint] = []
    if let schema = reader.value("\(prefix)json") {
      let field = "\(path)\(prefix)json"
      found.append(OutputConstraint(.jsonSchema(try parsed(schema, field)), field: field))
    }
    if let pattern = try reader.string("\(prefix)regex") {
      found.append(OutputConstraint(.regularExpression(pattern), field: "\(path)\(prefix)regex"))
    }
    if let source = try reader.string("\(prefix)grammar") {
      found.append(grammar(source, field: "\(path)\(prefix)grammar"))
    }
    if let list = try reader.array("\(prefix)choice") {
      let field = "\(path)\(prefix)choice"
      var texts: [String] = []
      for (index, element) in list.enumerated() {
        guard let text = element.stringValue else {
          throw .wrongType("\(field)[\(index)]", expected: "a string", found: element)
        }
        texts.append(text)
      }
      guard !texts.isEmpty else { throw .wrongValue(field, "'\(field)' must have at least one text.") }
      found.append(OutputConstraint(.choice(texts), field: field))
    }
    return found
  }

  private static func parsed(_ schema: JSON, _ field: String) throws(APIError) -> JSON {
    guard case .string(let text) = schema else { return schema }
    do {
      return try JSON(parsing: text)
    } catch {
      throw .wrongValue(field, "'\(field)' is a string that is not JSON: \(error).")
    }
  }
}
