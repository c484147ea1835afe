/// Jinja's filters, `tojson` as transformers replaces it.
struct Filters {
  let runtime: Runtime

  var budget: Budget { runtime.budget }

  /// Applies the filter called `name`.
  func apply(named name: String, to value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    guard let filter = FilterName(rawValue: name) else { throw Fault(.syntax, "there is no filter '\(name)'") }
    return try apply(filter, to: value, arguments)
  }

  /// Applies a filter.
  func apply(_ filter: FilterName, to value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    try budget.spend()
    switch filter {
    case .abs: return try absolute(value, arguments)
    case .int: return try integer(value, arguments)
    case .float: return try float(value, arguments)
    case .round: return try round(value, arguments)
    case .sum: return try sum(value, arguments)
    case .min: return try extreme(value, arguments, .less, name: "min")
    case .max: return try extreme(value, arguments, .greater, name: "max")
    case .capitalize: return try mapText(value, arguments, "capitalize") { $0.pythonCapitalized }
    case .lower: return try mapText(value, arguments, "lower") { $0.pythonLowercased }
    case .upper: return try mapText(value, arguments, "upper") { $0.pythonUppercased }
    case .title: return try mapText(value, arguments, "title") { Self.titlecased($0) }
    case .trim: return try trim(value, arguments)
    case .center: return try center(value, arguments)
    case .indent: return try indent(value, arguments)
    case .truncate: return try truncate(value, arguments)
    case .replace: return try replace(value, arguments)
    case .format: return try format(value, arguments)
    case .wordcount: return try wordCount(value, arguments)
    case .string: return try string(value, arguments)
    case .safe: return try markSafe(value, arguments)
    case .escape, .e, .forceescape: return try escape(value, arguments, evenIfSafe: filter == .forceescape)
    case .tojson: return try json(value, arguments)
    case .default, .d: return try defaulted(value, arguments)
    case .length, .count:
      try arguments.expectNone(of: "length")
      return .integer(try value.count())
    case .first: return try first(value, arguments)
    case .last: return try last(value, arguments)
    case .list:
      try arguments.expectNone(of: "list")
      return .list(try ListValue(try value.elements(budget)))
    case .items: return try items(value, arguments)
    case .join: return try join(value, arguments)
    case .reverse: return try reverse(value, arguments)
    case .sort: return try sort(value, arguments)
    case .dictsort: return try sortDictionary(value, arguments)
    case .unique: return try unique(value, arguments)
    case .batch: return try batch(value, arguments)
    case .slice: return try slice(value, arguments)
    case .groupby: return try group(value, arguments)
    case .map: return try map(value, arguments)
    case .select: return try select(value, arguments, byAttribute: false, keeping: true)
    case .reject: return try select(value, arguments, byAttribute: false, keeping: false)
    case .selectattr: return try select(value, arguments, byAttribute: true, keeping: true)
    case .rejectattr: return try select(value, arguments, byAttribute: true, keeping: false)
    case .attr, .filesizeformat, .pprint, .random, .striptags, .urlencode, .urlize, .wordwrap, .xmlattr:
      throw Fault(.unsupported, "the filter '\(filter.rawValue)' is not supported")
    }
  }

  private func defaulted(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["default_value", "boolean"], of: "default")
    let isMissing = value.isUndefined || bound[1].truth(false) && !value.isTrue
    return isMissing ? bound[0] ?? .string("") : value
  }

  // MARK: - Keys

  /// Lower case for text, anything else as it is: how sorting and grouping compare by default.
  static func ignoringCase(_ value: Value) -> Value {
    value.text.map { .string($0.pythonLowercased) } ?? value
  }

  /// Follows a dotted path such as "function.name" or "messages.0".
  func attribute(_ path: Value?, of value: Value, default defaultValue: Value? = nil) throws(Fault) -> Value {
    guard let path = path.unlessNone else { return value }
    guard let text = path.text else { return try step(value, path, defaultValue) }
    var result = value
    for part in text.split(by: ".", limit: -1) {
      let isIndex = part.isNonEmpty { ("0"..."9").contains($0) }
      result = try step(result, isIndex ? Int(part).map { .integer($0) } ?? .string(part) : .string(part), defaultValue)
    }
    return result
  }

  private func step(_ value: Value, _ index: Value, _ defaultValue: Value?) throws(Fault) -> Value {
    let result = try value.item(index, budget)
    return result.isUndefined ? defaultValue ?? result : result
  }
}
