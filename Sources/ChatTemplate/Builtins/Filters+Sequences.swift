extension Filters {
  func first(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    try arguments.expectNone(of: "first")
    if case .iterator(let iterator) = value, let element = try iterator.next() { return element }
    return try value.elements(budget).first
      ?? .undefined(UndefinedValue(.hint("no first item, the sequence was empty")))
  }

  func last(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    try arguments.expectNone(of: "last")
    if case .iterator = value { throw Fault(.type, "'last' of a generator is not defined") }
    return try value.elements(budget).last ?? .undefined(UndefinedValue(.hint("no last item, the sequence was empty")))
  }

  func items(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    try arguments.expectNone(of: "items")
    switch value {
    case .undefined: return .iterator(try IteratorValue([]))
    case .dictionary(let dictionary):
      return .iterator(try IteratorValue(try DictionaryView(part: .items, dictionary: dictionary).elements()))
    default: return .iterator(try IteratorValue([], failure: Fault(.type, "'items' needs a mapping")))
    }
  }

  func join(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["d", "attribute"], of: "join")
    let separator = try bound[0]?.string(budget) ?? ""
    var result = ""
    for (index, element) in try value.elements(budget).enumerated() {
      if index > 0 { result += separator }
      result += try attribute(bound[1], of: element).string(budget)
      guard result.utf8.count <= budget.limits.maximumTextBytes else { break }
    }
    try budget.spend(text: result)
    return .string(result)
  }

  func reverse(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    try arguments.expectNone(of: "reverse")
    if let text = value.text {
      try budget.spend(text: text)
      let reversed = String(String.UnicodeScalarView(text.unicodeScalars.reversed()))
      if case .markup = value { return .markup(reversed) }
      return .string(reversed)
    }
    let elements = Array(try value.elements(budget).reversed())
    // Python cannot reverse a generator, for which Jinja makes a list.
    if case .iterator = value { return .list(try ListValue(elements)) }
    return .iterator(try IteratorValue(elements))
  }

  // MARK: - Order

  func sort(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["reverse", "case_sensitive", "attribute"], of: "sort")
    var paths: [Value?] = [bound[2]]
    if let text = bound[2]?.text { paths = text.split(by: ",", limit: -1).map { .string($0) } }
    let ignoresCase = !bound[1].truth(false)
    let elements = try value.elements(budget)
    let sorted = try sorted(elements, reversed: bound[0].truth(false)) { (element) throws(Fault) in
      var keys: [Value] = []
      for path in paths {
        let key = try attribute(path, of: element)
        keys.append(ignoresCase ? Self.ignoringCase(key) : key)
      }
      return .list(try ListValue(keys))
    }
    return .list(try ListValue(sorted))
  }

  func sortDictionary(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["case_sensitive", "by", "reverse"], of: "dictsort")
    let part = try bound[1]?.requiredText() ?? "key"
    guard part == "key" || part == "value" else { throw Fault(.value, "'dictsort' sorts by 'key' or 'value'") }
    if case .undefined(let undefined) = value { throw undefined.fault }
    guard case .dictionary(let dictionary) = value else { throw Fault(.type, "'dictsort' needs a mapping") }
    let ignoresCase = !bound[0].truth(false)
    let items = try DictionaryView(part: .items, dictionary: dictionary).elements()
    let sorted = try sorted(items, reversed: bound[2].truth(false)) { (item) throws(Fault) in
      let key = try item.item(.integer(part == "key" ? 0 : 1), budget)
      return ignoresCase ? Self.ignoringCase(key) : key
    }
    return .list(try ListValue(sorted))
  }

  /// Elements in the order of their keys; with `reversed`, too, equal ones keep their order.
  private func sorted(
    _ elements: [Value], reversed: Bool = false, by key: (Value) throws(Fault) -> Value
  ) throws(Fault) -> [Value] {
    var keyed: [(key: Value, element: Value)] = []
    for element in elements { keyed.append((try key(element), element)) }
    let ordering: ComparisonOperator = reversed ? .greater : .less
    let budget = budget
    return try keyed.stablySorted { (left, right) throws(Fault) in
      try Value.isOrdered(left.key, ordering, right.key, budget)
    }.map(\.element)
  }

  // MARK: - Groups

  func unique(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["case_sensitive", "attribute"], of: "unique")
    var seen: Set<HashableValue> = []
    return try filtered(try value.elements(budget)) { (element) throws(Fault) in
      let key = try attribute(bound[1], of: element)
      let wasNew = seen.insert(try HashableValue(bound[0].truth(false) ? key : Self.ignoringCase(key), budget)).inserted
      return wasNew ? element : nil
    }
  }

  func batch(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["linecount", "fill_with"], of: "batch", required: 1)
    let size = try bound[0].integer(0)
    var batches: [Value] = []
    var batch: [Value] = []
    for element in try value.elements(budget) {
      if batch.count == size {
        batches.append(.list(try ListValue(batch)))
        batch = []
      }
      batch.append(element)
    }
    if !batch.isEmpty {
      if let fill = bound[1].unlessNone, batch.count < size {
        try budget.spend(elements: size)
        batch += Array(repeating: fill, count: size - batch.count)
      }
      batches.append(.list(try ListValue(batch)))
    }
    return .iterator(try IteratorValue(batches))
  }

  func slice(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["slices", "fill_with"], of: "slice", required: 1)
    let count = try bound[0].integer(0)
    guard count != 0 else { throw Fault(.value, "division by zero") }
    let elements = try value.elements(budget)
    guard count > 0 else { return .iterator(try IteratorValue([])) }
    try budget.spend(elements: count)
    let (size, larger) = elements.count.quotientAndRemainder(dividingBy: count)
    var slices: [Value] = []
    var start = 0
    for number in 0..<count {
      let end = start + size + (number < larger ? 1 : 0)
      var slice = Array(elements[start..<end])
      if let fill = bound[1].unlessNone, number >= larger { slice.append(fill) }
      slices.append(.list(try ListValue(slice)))
      start = end
    }
    return .iterator(try IteratorValue(slices))
  }

  func group(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["attribute", "default", "case_sensitive"], of: "groupby", required: 1)
    let ignoresCase = !bound[2].truth(false)
    func key(_ element: Value) throws(Fault) -> Value {
      let key = try attribute(bound[0], of: element, default: bound[1].unlessNone)
      return ignoresCase ? Self.ignoringCase(key) : key
    }
    var groups: [(key: Value, elements: [Value])] = []
    for element in try sorted(try value.elements(budget), by: key) {
      let elementKey = try key(element)
      if let current = groups.last, try Value.areEqual(current.key, elementKey, budget) {
        groups[groups.count - 1].elements.append(element)
      } else {
        groups.append((elementKey, [element]))
      }
    }
    var result: [Value] = []
    for group in groups {
      var key = group.key
      if ignoresCase, let first = group.elements.first {
        key = try attribute(bound[0], of: first, default: bound[1].unlessNone)
      }
      result.append(.tuple(try ListValue([key, .list(try ListValue(group.elements))], isGroup: true)))
    }
    return .list(try ListValue(result))
  }

  // MARK: - Mapping and selecting

  /// What Python's lazy filters give: the elements up to the first failure, which iteration meets.
  private func filtered(
    _ elements: [Value], _ transform: (Value) throws(Fault) -> Value?
  ) throws(Fault) -> Value {
    var results: [Value] = []
    for element in elements {
      do throws(Fault) {
        if let result = try transform(element) { results.append(result) }
      } catch {
        if error.kind == .limit { throw error }
        return .iterator(try IteratorValue(results, failure: error))
      }
    }
    return .iterator(try IteratorValue(results))
  }

  private func lazily(_ body: () throws(Fault) -> Value) throws(Fault) -> Value {
    do throws(Fault) {
      return try body()
    } catch {
      if error.kind == .limit { throw error }
      return .iterator(try IteratorValue([], failure: error))
    }
  }

  func map(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    guard value.isTrue else { return .iterator(try IteratorValue([])) }
    return try lazily { () throws(Fault) in
      let elements = try value.elements(budget)
      if arguments.positional.isEmpty, arguments.keywords.contains(where: { $0.name == "attribute" }) {
        let bound = try arguments.bound(to: ["attribute", "default"], of: "map")
        return try filtered(elements) { (element) throws(Fault) in
          try attribute(bound[0], of: element, default: bound[1].unlessNone)
        }
      }
      var rest = arguments
      guard !rest.positional.isEmpty else { throw Fault(.type, "'map' needs the name of a filter") }
      let name = try rest.positional.removeFirst().requiredText()
      return try filtered(elements) { (element) throws(Fault) in try apply(named: name, to: element, rest) }
    }
  }

  func select(
    _ value: Value, _ arguments: Arguments, byAttribute: Bool, keeping: Bool
  ) throws(Fault) -> Value {
    guard value.isTrue else { return .iterator(try IteratorValue([])) }
    return try lazily { () throws(Fault) in
      let elements = try value.elements(budget)
      var rest = arguments
      guard !byAttribute || !rest.positional.isEmpty else { throw Fault(.type, "the name of an attribute is missing") }
      let path = byAttribute ? rest.positional.removeFirst() : nil
      guard !rest.positional.isEmpty else {
        return try filtered(elements) { (element) throws(Fault) in
          try attribute(path, of: element).isTrue == keeping ? element : nil
        }
      }
      let name = try rest.positional.removeFirst().requiredText()
      let tests = Tests(budget: budget)
      return try filtered(elements) { (element) throws(Fault) in
        try tests.apply(named: name, to: try attribute(path, of: element), rest) == keeping ? element : nil
      }
    }
  }
}
