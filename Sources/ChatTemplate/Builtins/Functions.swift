/// The functions every template can call.
struct Functions {
  let runtime: Runtime

  private var budget: Budget { runtime.budget }

  func call(_ function: GlobalFunction, _ arguments: Arguments) throws(Fault) -> Value {
    try budget.spend()
    switch function {
    case .range: return try range(arguments)
    case .dict: return .dictionary(try dictionary(arguments))
    case .namespace: return .namespace(try namespace(arguments))
    case .cycler:
      guard arguments.keywords.isEmpty else { throw Fault(.type, "cycler takes no named arguments") }
      guard !arguments.positional.isEmpty else { throw Fault(.value, "cycler needs an item") }
      return .cycler(Cycler(try ListValue(arguments.positional)))
    case .joiner:
      let separator = try arguments.bound(to: ["sep"], of: "joiner")[0]
      return .joiner(Joiner(try separator?.string(budget) ?? ", "))
    case .raiseException:
      let message = try arguments.bound(to: ["message"], of: function.rawValue, required: 1)[0]
      throw Fault(.raised, try message?.string(budget) ?? "")
    case .strftimeNow:
      let format = try arguments.bound(to: ["format"], of: function.rawValue, required: 1)[0]
      return .string(try TimeFormatter.format(runtime.now, try (format ?? .none).requiredText(), budget))
    case .lipsum: throw Fault(.unsupported, "'lipsum' is not supported")
    }
  }

  private func range(_ arguments: Arguments) throws(Fault) -> Value {
    guard arguments.keywords.isEmpty, (1...3).contains(arguments.positional.count) else {
      throw Fault(.type, "range takes one to three positional arguments")
    }
    var numbers: [Int] = []
    for argument in arguments.positional { numbers.append(try Optional(argument).integer(0)) }
    let start = numbers.count > 1 ? numbers[0] : 0
    let stop = numbers.count > 1 ? numbers[1] : numbers[0]
    let step = numbers.count > 2 ? numbers[2] : 1
    guard step != 0 else { throw Fault(.value, "the step of a range must not be zero") }
    var count = 0
    if step > 0 ? start < stop : start > stop {
      let distance = step > 0 ? UInt(bitPattern: stop &- start) : UInt(bitPattern: start &- stop)
      let larger = (distance - 1) / step.magnitude
      guard larger < UInt(budget.limits.maximumElements) else {
        throw Fault(.limit, "a range exceeds \(budget.limits.maximumElements) elements")
      }
      count = Int(larger) + 1
    }
    return .range(RangeValue(start: start, step: step, count: count))
  }

  private func dictionary(_ arguments: Arguments) throws(Fault) -> DictionaryValue {
    guard arguments.positional.count <= 1 else { throw Fault(.type, "dict takes at most one positional argument") }
    var entries: [DictionaryValue.Entry] = []
    switch arguments.positional.first {
    case .dictionary(let dictionary): entries = dictionary.entries
    case .namespace, .loop: throw Fault(.unsupported, "dict of this value is not supported")
    case .some(let pairs):
      for pair in try pairs.elements(budget) {
        let parts = try pair.elements(budget)
        guard parts.count == 2 else { throw Fault(.value, "dict needs pairs") }
        entries.append((parts[0], parts[1]))
      }
    case nil: break
    }
    entries += arguments.keywords.map { (.string($0.name), $0.value) }
    try budget.spend(elements: entries.count)
    return try DictionaryValue(entries, budget)
  }

  private func namespace(_ arguments: Arguments) throws(Fault) -> Namespace {
    let attributes = try dictionary(arguments)
    for key in attributes.keys { try Self.checkAttribute(key) }
    return Namespace(attributes)
  }

  /// transformers allows no attribute that starts with an underscore.
  static func checkAttribute(_ name: Value) throws(Fault) {
    if let text = name.text, text.hasBytePrefix("_") {
      throw Fault(.security, "a namespace cannot hold '\(text)', which starts with an underscore")
    }
  }
}
