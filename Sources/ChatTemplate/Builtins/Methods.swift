/// Calls the methods of values.
struct Methods {
  let budget: Budget

  func call(_ method: BoundMethod, _ arguments: Arguments) throws(Fault) -> Value {
    try budget.spend()
    let name = method.name
    switch method.receiver {
    case .string(let text):
      if name == "format_map" {
        let bound = try arguments.bound(to: ["mapping"], of: name, required: 1, allowsKeywords: false)
        return try StringMethods(budget: budget).call(
          "format", on: text, Arguments(keywords: try keywords(from: bound[0] ?? .none)))
      }
      return try StringMethods(budget: budget).call(name, on: text, arguments)
    case .dictionary(let dictionary): return try call(name, on: dictionary, arguments)
    case .list(let list), .tuple(let list): return try call(name, on: list, method.receiver, arguments)
    case .loop(let loop):
      return name == "cycle" ? try loop.cycle(arguments) : try loop.changed(arguments, budget)
    case .cycler(let cycler):
      try arguments.expectNone(of: name)
      guard name == "next" else {
        cycler.position = 0
        return .none
      }
      defer { cycler.position = (cycler.position + 1) % cycler.items.elements.count }
      return cycler.current
    default: throw Fault(.unsupported, "the method '\(name)' of '\(method.receiver.typeName)' is not supported")
    }
  }

  private func keywords(from value: Value) throws(Fault) -> [(name: String, value: Value)] {
    guard case .dictionary(let dictionary) = value else { throw Fault(.type, "'format_map' needs a mapping") }
    return dictionary.entries.compactMap { entry in entry.key.text.map { ($0, entry.value) } }
  }

  private func call(_ name: String, on dictionary: DictionaryValue, _ arguments: Arguments) throws(Fault) -> Value {
    if name == "get" {
      let bound = try arguments.bound(to: ["key", "default"], of: name, required: 1, allowsKeywords: false)
      guard let key = bound[0] else { return .none }
      return try dictionary.value(for: key, budget) ?? bound[1] ?? .none
    }
    try arguments.expectNone(of: name)
    if name == "copy" { return .dictionary(dictionary) }
    guard let part = DictionaryView.Part(rawValue: name) else {
      throw Fault(.unsupported, "the method '\(name)' of a dictionary is not supported")
    }
    return .view(DictionaryView(part: part, dictionary: dictionary))
  }

  private func call(
    _ name: String, on list: ListValue, _ receiver: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    if name == "copy" {
      try arguments.expectNone(of: name)
      return receiver
    }
    let names = name == "index" ? ["value", "start", "stop"] : ["value"]
    let bound = try arguments.bound(to: names, of: name, required: 1, allowsKeywords: false)
    guard let wanted = bound[0] else { return .none }
    if name == "count" {
      var count = 0
      for element in list.elements where try Value.areEqual(element, wanted, budget) { count += 1 }
      return .integer(count)
    }
    guard bound[1] == nil else { throw Fault(.unsupported, "'index' with bounds is not supported") }
    for (index, element) in list.elements.enumerated() where try Value.areEqual(element, wanted, budget) {
      return .integer(index)
    }
    throw Fault(.value, "the value is not in the list")
  }
}
