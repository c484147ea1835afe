extension Filters {
  /// A filter without arguments that maps text to text and leaves it marked as it is.
  func mapText(
    _ value: Value, _ arguments: Arguments, _ name: String, _ transform: (String) -> String
  ) throws(Fault) -> Value {
    try arguments.expectNone(of: name)
    return try mapText(value, transform)
  }

  private func mapText(_ value: Value, _ transform: (String) -> String) throws(Fault) -> Value {
    let text = try value.string(budget)
    try budget.spend(text: text)
    let result = transform(text)
    if case .markup = value { return .markup(result) }
    return .string(result)
  }

  /// Plain text of any value; text marked safe is refused.
  private func plainText(_ value: Value, _ name: String) throws(Fault) -> String {
    if case .markup = value { throw Fault(.unsupported, "'\(name)' of text marked safe is not supported") }
    let text = try value.string(budget)
    try budget.spend(text: text)
    return text
  }

  func trim(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let set = try arguments.bound(to: ["chars"], of: "trim")[0].optionalText()
    return try mapText(value) { $0.stripping(set, start: true, end: true) }
  }

  func center(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let width = try arguments.bound(to: ["width"], of: "center")[0].integer(80)
    return .string(try StringMethods.centered(try plainText(value, "center"), width: width, fill: " ", budget))
  }

  /// A run of separators is kept, the first scalar of every other part is raised, the rest lowered.
  static func titlecased(_ text: String) -> String {
    var result = ""
    var word = ""
    func isSeparator(_ scalar: UnicodeScalar) -> Bool {
      switch scalar {
      case "-", "(", "{", "[", "<": true
      default: String(scalar).isNonEmpty { $0.isPythonSpace }
      }
    }
    func finishWord() {
      guard let first = word.unicodeScalars.first else { return }
      result += first.properties.uppercaseMapping
      result += String(word.unicodeScalars.dropFirst()).pythonLowercased
      word = ""
    }
    for scalar in text.unicodeScalars {
      if isSeparator(scalar) {
        finishWord()
        result.unicodeScalars.append(scalar)
      } else {
        word.unicodeScalars.append(scalar)
      }
    }
    finishWord()
    return result
  }

  func indent(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["width", "first", "blank"], of: "indent")
    if case .markup = value { throw Fault(.unsupported, "'indent' of text marked safe is not supported") }
    let text = try value.requiredText()
    var indentation: String
    if let text = bound[0]?.text {
      indentation = text
    } else {
      let width = max(0, try bound[0].integer(4))
      try budget.spend(textBytes: width)
      indentation = String(repeating: " ", count: width)
    }
    let lines = (text + "\n").lines()
    let (size, overflow) = lines.count.multipliedReportingOverflow(by: indentation.utf8.count)
    try budget.spend(textBytes: overflow ? .max : size + text.utf8.count)
    let indentsBlank = bound[2].truth(false)
    var result = bound[1].truth(false) ? indentation : ""
    for (index, line) in lines.enumerated() {
      if index > 0 {
        result += "\n"
        if indentsBlank || !line.isEmpty { result += indentation }
      }
      result += line
    }
    return .string(result)
  }

  func truncate(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["length", "killwords", "end", "leeway"], of: "truncate")
    guard case .string(let text) = value else {
      throw Fault(.unsupported, "'truncate' of a value of type '\(value.typeName)' is not supported")
    }
    let length = try bound[0].integer(255)
    let end = try bound[2]?.requiredText() ?? "..."
    let leeway = try bound[3].unlessNone.integer(5)
    let kept = length - end.unicodeScalars.count
    guard kept >= 0, leeway >= 0 else { throw Fault(.value, "the length or leeway of 'truncate' is too small") }
    let scalars = text.unicodeScalars
    try budget.spend(text: text)
    if scalars.count - leeway <= length { return value }
    let start = String(scalars.prefix(kept))
    if bound[1].truth(false) { return .string(start + end) }
    return .string(start.split(by: " ", limit: 1, fromEnd: true)[0] + end)
  }

  func replace(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["old", "new", "count"], of: "replace", required: 2)
    guard let old = try bound[0]?.string(budget), let new = try bound[1]?.string(budget) else { return value }
    let text = try value.string(budget)
    return .string(
      try StringMethods.replaced(text, old, new, limit: try bound[2].unlessNone.integer(-1), budget))
  }

  func format(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    guard arguments.positional.isEmpty || arguments.keywords.isEmpty else {
      throw Fault(.type, "format takes positional or named arguments, not both")
    }
    var values = Value.tuple(try ListValue(arguments.positional))
    if !arguments.keywords.isEmpty {
      values = .dictionary(try DictionaryValue(arguments.keywords.map { (.string($0.name), $0.value) }, budget))
    }
    return .string(try PercentFormatter.format(try plainText(value, "format"), values, budget))
  }

  func wordCount(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    try arguments.expectNone(of: "wordcount")
    var count = 0
    var isInWord = false
    for scalar in try plainText(value, "wordcount").unicodeScalars {
      let isWord = scalar == "_" || scalar.isPythonAlphanumeric
      if isWord, !isInWord { count += 1 }
      isInWord = isWord
    }
    return .integer(count)
  }

  func string(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    try arguments.expectNone(of: "string")
    if case .markup = value { return value }
    return .string(try value.string(budget))
  }

  func markSafe(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    try arguments.expectNone(of: "safe")
    return .markup(try value.string(budget))
  }

  func escape(_ value: Value, _ arguments: Arguments, evenIfSafe: Bool) throws(Fault) -> Value {
    try arguments.expectNone(of: "escape")
    if case .markup(let text) = value, evenIfSafe { return .markup(try Value.string(text).escaped(budget)) }
    return .markup(try value.escaped(budget))
  }

  func json(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["ensure_ascii", "indent", "separators", "sort_keys"], of: "tojson")
    var layout = JSONDumper.Layout()
    layout.escapesNonASCII = bound[0].truth(false)
    layout.sortsKeys = bound[3].truth(false)
    if let indent = bound[1].unlessNone {
      layout.itemSeparator = ","
      if let text = indent.text {
        layout.indent = text
      } else {
        let width = max(0, try Optional(indent).integer(0))
        try budget.spend(textBytes: width)
        layout.indent = String(repeating: " ", count: width)
      }
    }
    if let separators = bound[2].unlessNone {
      let parts = try separators.elements(budget)
      guard parts.count == 2 else { throw Fault(.value, "'separators' needs two strings") }
      layout.itemSeparator = try parts[0].requiredText()
      layout.keySeparator = try parts[1].requiredText()
    }
    return .string(try JSONDumper.dump(value, layout, budget))
  }
}

extension UnicodeScalar {
  /// Python's `str.isspace` for one code point.
  var isPythonSpace: Bool {
    let bytes = Array(String(self).utf8)
    return bytes.whitespaceWidth(at: 0) == bytes.count
  }

  /// Python's `str.isalpha` for one code point.
  var isPythonAlphabetic: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  /// Python's `str.isalnum` for one code point.
  var isPythonAlphanumeric: Bool { isPythonAlphabetic || properties.numericType != nil }
}
