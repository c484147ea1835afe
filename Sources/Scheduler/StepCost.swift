/// What a step has to compute, as far as its cost depends on it.
public struct StepLoad: Sendable, Hashable {
  /// Sequences that decode: a token each.
  public var decodes: Int
  /// Prompt tokens.
  public var prefillTokens: Int
  /// Positions attended to, by all tokens together.
  public var attendedTokens: Int

  /// A load.
  public init(decodes: Int, prefillTokens: Int, attendedTokens: Int) {
    self.decodes = decodes
    self.prefillTokens = prefillTokens
    self.attendedTokens = attendedTokens
  }
}

/// Tells how long steps take. The scheduler asks it before it chooses how many prompt tokens a step computes, and tells it
/// afterwards how long that took.
public protocol StepCostModel: Sendable {
  /// Seconds a step with that load is expected to take; not less for more prompt tokens. 0 if nothing is known.
  func seconds(for load: StepLoad) -> Double
  /// A step with that load took so many seconds.
  mutating func observe(_ load: StepLoad, seconds: Double)
}

/// Knows of step costs what was measured.
///
/// A step costs what its decodes alone would, and something for its prompt tokens. Both are running averages by number,
/// in classes a quarter of an octave wide; between measured classes they are interpolated, beyond them they are taken to
/// grow in proportion. Contexts that grow make steps dearer slowly, and the averages follow.
public struct MeasuredStepCost: StepCostModel {
  private var decode = CostTable()
  private var prefill = CostTable()

  /// Knows nothing yet.
  public init() {}

  /// What the decodes cost, and what the prompt tokens add.
  public func seconds(for load: StepLoad) -> Double {
    decode.seconds(for: load.decodes) + prefill.seconds(for: load.prefillTokens)
  }

  /// Adds a measurement to the averages of its classes.
  public mutating func observe(_ load: StepLoad, seconds: Double) {
    guard load.prefillTokens > 0 else {
      if load.decodes > 0 { decode.observe(load.decodes, seconds: seconds) }
      return
    }
    // A step reads the weights once, with or without decodes: prompt tokens alone cost what they would beside one.
    prefill.observe(load.prefillTokens, seconds: max(0, seconds - decode.seconds(for: max(1, load.decodes))))
  }
}

/// Running averages of seconds by a number of tokens.
private struct CostTable: Sendable {
  /// How much a measurement counts against all before.
  private static let weight = 0.2

  /// By class of numbers; nil where nothing was measured. The number is the average of those measured.
  private var entries: [(number: Double, seconds: Double)?] = []

  /// Eight and more are told apart by their first three binary digits.
  private static func entry(of number: Int) -> Int {
    guard number >= 8 else { return number }
    let exponent = Int.bitWidth - 1 - number.leadingZeroBitCount
    return 4 * (exponent - 1) + ((number >> (exponent - 2)) & 3)
  }

  mutating func observe(_ number: Int, seconds: Double) {
    let entry = Self.entry(of: number)
    while entries.count <= entry { entries.append(nil) }
    guard let known = entries[entry] else { return entries[entry] = (Double(number), seconds) }
    entries[entry] = (
      known.number + Self.weight * (Double(number) - known.number),
      known.seconds + Self.weight * (seconds - known.seconds)
    )
  }

  func seconds(for number: Int) -> Double {
    guard number > 0 else { return 0 }
    let entry = Self.entry(of: number)
    let number = Double(number)
    var below: (number: Double, seconds: Double)?
    for known in entries.prefix(entry + 1).reversed() {
      if let known, known.number <= number {
        below = known
        break
      }
    }
    for known in entries.dropFirst(min(entry, entries.count)) {
      guard let known, known.number > number else { continue }
      guard let below else { return known.seconds }
      let share = (number - below.number) / (known.number - below.number)
      return below.seconds + share * max(0, known.seconds - below.seconds)
    }
    guard let below else { return 0 }
    return below.seconds * number / below.number
  }
}
