extension Value {
  /// Everything iteration over the value gives, as Python's `list(value)`.
  func elements(_ budget: Budget) throws(Fault) -> [Value] {
    switch self {
    case .undefined: return []
    case .list(let list), .tuple(let list):
      try budget.spend(list.elements.count)
      return list.elements
    case .string(let text), .markup(let text):
      try budget.spend(text.utf8.count)
      return text.unicodeScalars.map { .string(String($0)) }
    case .dictionary(let dictionary):
      try budget.spend(dictionary.count)
      return dictionary.keys
    case .range(let range):
      try budget.spend(range.count)
      return (0..<range.count).map { .integer(range[$0]) }
    case .view(let view):
      try budget.spend(view.dictionary.count)
      return try view.elements()
    case .iterator(let iterator): return try iterator.rest()
    case .loop: throw Fault(.unsupported, "iterating over 'loop' is not supported")
    case .none, .boolean, .integer, .float, .namespace, .macro, .method, .function, .cycler, .joiner:
      throw Fault(.type, "'\(typeName)' is not iterable")
    }
  }

  /// Python's `len`.
  func count() throws(Fault) -> Int {
    switch self {
    case .undefined: return 0
    case .string(let text), .markup(let text): return text.unicodeScalars.count
    case .list(let list), .tuple(let list): return list.elements.count
    case .dictionary(let dictionary): return dictionary.count
    case .range(let range): return range.count
    case .view(let view): return view.dictionary.count
    case .loop: throw Fault(.unsupported, "the length of 'loop' is not supported; use loop.length")
    case .none, .boolean, .integer, .float, .iterator, .namespace, .macro, .method, .function, .cycler, .joiner:
      throw Fault(.type, "'\(typeName)' has no length")
    }
  }

  /// Python's `value[start:stop:step]`.
  func slice(start: Value, stop: Value, step: Value, _ budget: Budget) throws(Fault) -> Value {
    switch self {
    case .undefined(let undefined): throw undefined.fault
    case .string(let text):
      let scalars = Array(text.unicodeScalars)
      try budget.spend(scalars.count)
      var result = String.UnicodeScalarView()
      for index in try Slice(start, stop, step, count: scalars.count).indices { result.append(scalars[index]) }
      return .string(String(result))
    case .list(let list):
      let slice = try Slice(start, stop, step, count: list.elements.count)
      try budget.spend(slice.count)
      return .list(try ListValue(slice.indices.map { list.elements[$0] }))
    case .tuple(let list):
      let slice = try Slice(start, stop, step, count: list.elements.count)
      try budget.spend(slice.count)
      return .tuple(try ListValue(slice.indices.map { list.elements[$0] }))
    case .range(let range):
      let slice = try Slice(start, stop, step, count: range.count)
      return .range(
        RangeValue(start: range[slice.start], step: range.step &* slice.step, count: slice.count))
    case .markup: throw Fault(.unsupported, "slicing text marked safe is not supported")
    default: throw Fault(.type, "'\(typeName)' cannot be sliced")
    }
  }
}

/// The elements a slice selects of `count` ones, by Python's rules for missing, negative and large bounds.
private struct Slice {
  let start: Int
  let step: Int
  let count: Int

  init(_ start: Value, _ stop: Value, _ step: Value, count length: Int) throws(Fault) {
    let step = try Self.bound(step) ?? 1
    guard step != 0 else { throw Fault(.value, "the step of a slice must not be zero") }
    // Steps beyond the length select one element at most, however large they are.
    self.step = max(-length - 1, min(length + 1, step))
    let low = step > 0 ? 0 : -1
    let high = step > 0 ? length : length - 1
    func position(_ value: Value, default defaultValue: Int) throws(Fault) -> Int {
      guard let bound = try Self.bound(value) else { return defaultValue }
      return max(low, min(high, bound < 0 ? bound + length : bound))
    }
    self.start = try position(start, default: step > 0 ? low : high)
    let stop = try position(stop, default: step > 0 ? high : low)
    let distance = step > 0 ? stop - self.start : self.start - stop
    count = distance <= 0 ? 0 : (distance - 1) / abs(self.step) + 1
  }

  private static func bound(_ value: Value) throws(Fault) -> Int? {
    if case .none = value { return nil }
    guard let integer = value.integer else {
      if case .undefined(let undefined) = value { throw undefined.fault }
      throw Fault(.type, "the bounds of a slice must be integers or none")
    }
    return integer
  }

  var indices: some Collection<Int> { (0..<count).lazy.map { start + $0 * step } }
}
