extension Value {
  /// What `value.name` gives: an attribute or method of the Python type first, then an item.
  func attribute(_ name: String, _ budget: Budget) throws(Fault) -> Value {
    if case .undefined(let undefined) = self { throw undefined.fault }
    if let attribute = try ownAttribute(name) { return attribute }
    if case .dictionary(let dictionary) = self, let value = dictionary[name] { return value }
    return .undefined(UndefinedValue(.attribute(name, ofType: typeName)))
  }

  /// What `value[index]` gives: an item first, then an attribute.
  func item(_ index: Value, _ budget: Budget) throws(Fault) -> Value {
    switch self {
    case .undefined(let undefined): throw undefined.fault
    case .dictionary(let dictionary):
      switch index {
      case .list, .dictionary, .view: break  // Python cannot hash them, which Jinja treats as not found.
      default:
        if let value = try dictionary.value(for: index, budget) { return value }
      }
    case .list(let list), .tuple(let list):
      if let position = index.integer {
        guard let position = Self.position(position, in: list.elements.count) else { break }
        return list.elements[position]
      }
    case .range(let range):
      if let position = index.integer {
        guard let position = Self.position(position, in: range.count) else { break }
        return .integer(range[position])
      }
    case .string(let text):
      if let position = index.integer {
        let scalars = text.unicodeScalars
        guard let position = Self.position(position, in: scalars.count) else { break }
        try budget.spend(textBytes: position)
        return .string(String(scalars[scalars.index(scalars.startIndex, offsetBy: position)]))
      }
    case .markup: throw Fault(.unsupported, "indexing text marked safe is not supported")
    default: break
    }
    guard let name = index.text else { return .undefined(UndefinedValue(.item(ofType: typeName))) }
    if let attribute = try ownAttribute(name) { return attribute }
    return .undefined(UndefinedValue(.attribute(name, ofType: typeName)))
  }

  private static func position(_ index: Int, in count: Int) -> Int? {
    let position = index < 0 ? index + count : index
    return (0..<count).contains(position) ? position : nil
  }

  /// An attribute of the Python type; nil where it has none of that name. What the sandbox forbids is undefined.
  private func ownAttribute(_ name: String) throws(Fault) -> Value? {
    switch self {
    case .namespace(let namespace): return namespace.attributes?[name]
    case .loop(let loop):
      if name == "cycle" || name == "changed" { return try method(name) }
      return try loop.attribute(name)
    case .macro(let macro): return macro.attribute(name)
    case .cycler(let cycler):
      if name == "current" { return cycler.current }
      return name == "next" || name == "reset" ? try method(name) : nil
    case .tuple(let tuple) where tuple.isGroup && (name == "grouper" || name == "list"):
      return tuple.elements[name == "grouper" ? 0 : 1]
    case .range(let range) where ["start", "stop", "step"].contains(name):
      return .integer(name == "start" ? range.start : name == "step" ? range.step : range[range.count])
    default: break
    }
    switch PythonAttributes.access(name, ofType: typeName) {
    case .none: return nil
    case .method: return try method(name)
    case .forbidden: return .undefined(UndefinedValue(.unsafeAttribute(name, ofType: typeName)))
    case .unsupported:
      throw Fault(.unsupported, "the attribute '\(name)' of '\(typeName)' is not supported")
    }
  }

  private func method(_ name: String) throws(Fault) -> Value { .method(try BoundMethod(self, name)) }
}

/// The public attributes of Python's types, as far as templates can reach them.
enum PythonAttributes {
  enum Access { case none, method, forbidden, unsupported }

  static func access(_ name: String, ofType type: String) -> Access {
    if name.utf8.first == UInt8(ascii: "_") {
      // All that Python defines on every object starts and ends with two underscores.
      return name.hasBytePrefix("__") && name.hasByteSuffix("__") ? .forbidden : .none
    }
    return switch type {
    case "str": string.contains(name) ? .method : .none
    case "Markup": string.contains(name) || ["escape", "striptags", "unescape"].contains(name) ? .unsupported : .none
    case "dict": dictionary(name)
    case "list": list(name)
    case "tuple": name == "count" || name == "index" ? .method : .none
    case "range": ["count", "index", "start", "stop", "step"].contains(name) ? .unsupported : .none
    case "int", "bool", "float": numeric.contains(name) ? .unsupported : .none
    case "dict_keys", "dict_items", "dict_values": ["mapping", "isdisjoint"].contains(name) ? .unsupported : .none
    case "generator": ["close", "send", "throw"].contains(name) || name.hasBytePrefix("gi_") ? .unsupported : .none
    default: .none
    }
  }

  private static func dictionary(_ name: String) -> Access {
    switch name {
    case "get", "items", "keys", "values", "copy": .method
    case "clear", "pop", "popitem", "setdefault", "update": .forbidden
    case "fromkeys": .unsupported
    default: .none
    }
  }

  private static func list(_ name: String) -> Access {
    switch name {
    case "count", "index", "copy": .method
    case "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort": .forbidden
    default: .none
    }
  }

  private static let string: Set<String> = [
    "capitalize", "casefold", "center", "count", "encode", "endswith", "expandtabs", "find", "format", "format_map",
    "index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric",
    "isprintable", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip", "maketrans", "partition",
    "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split",
    "splitlines", "startswith", "strip", "swapcase", "title", "translate", "upper", "zfill",
  ]

  private static let numeric: Set<String> = [
    "as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator", "from_bytes", "fromhex", "hex", "imag",
    "is_integer", "numerator", "real", "to_bytes",
  ]
}
