/// What decides how an expression is compiled.
struct ExpressionShape {
  /// Whether one automaton can be made of it: nothing in it is recursive, counted, or a boundary.
  var isPlain = true
  /// Whether nothing in it is recursive.
  var isRegular = true
  /// Whether it is a repetition that is counted.
  var isCountedRepetition = false
  /// Whether it repeats something without bound, or combines automata.
  var loops = false
  /// About how many states it takes; saturates.
  var size = 0
  /// About how many bytes a text can begin with, up to 256.
  var width = 0
  var height = 1

  /// Whether a rule of this shape is copied into its users instead of being a boundary: small, and either without loops
  /// or, as white space is, narrow.
  var isInlined: Bool {
    isPlain && height <= 16 && (loops ? size <= 16 && width <= 8 : size <= 64)
  }

  static let greatestSize = 1 << 40

  static func saturating(_ size: Int, times count: Int) -> Int {
    let (product, overflow) = size.multipliedReportingOverflow(by: count)
    return overflow ? greatestSize : min(product, greatestSize)
  }

  /// Whether a bounded repetition of a unit of this shape is counted rather than expanded. Expansion gives each copy
  /// states of its own, for which masks are computed anew; this is dear where many tokens fit, so wide units are counted
  /// early.
  func isCounted(atLeast: Int, atMost: Int?) -> Bool {
    let bound = atMost ?? atLeast
    guard bound > 1 else { return false }
    return Self.saturating(max(size, 1), times: bound) > (isPlain && width <= 24 ? 512 : 8)
  }
}
