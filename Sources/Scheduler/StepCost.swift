/// What a step has to compute, as far as its cost depends on it.
public struct StepLoad: Sendable, Hashable {
  /// Sequences that decode: a token each.
  public var decodes: Int
  /// Prompt tokens.
  public var prefillTokens: Int
  /// Positions attended to, by all prompt tokens together.
  public var prefillPositions: Int

  /// A load.
  public init(decodes: Int, prefillTokens: Int = 0, prefillPositions: Int = 0) {
    self.decodes = decodes
    self.prefillTokens = prefillTokens
    self.prefillPositions = prefillPositions
  }
}

/// Tells how long steps take. The scheduler asks it before it chooses how many prompt tokens a step computes, and tells it
/// afterwards how long that took.
public protocol StepCostModel: Sendable {
  /// Seconds a step with that load is expected to take; 0 if nothing is known.
  func seconds(for load: StepLoad) -> Double
  /// A step with that load took so many seconds.
  mutating func observe(_ load: StepLoad, seconds: Double)
}

/// Knows of step costs what was measured.
///
/// A step costs what its decodes alone would, and something for its prompt tokens: that much for their number, and that
/// much for each position they attend to. What numbers cost are running averages in classes a quarter of an octave wide, in
/// which they are taken to grow in proportion, as beyond all that were measured; classes that were not are interpolated. What
/// a position costs is the slope over steps of about the same number. Streams that grow make steps dearer slowly, and the
/// averages follow.
public struct MeasuredStepCost: StepCostModel {
  private var decode = CostTable()
  private var prefill = CostTable()

  /// Knows nothing yet.
  public init() {}

  /// What the decodes cost, and what the prompt tokens add.
  public func seconds(for load: StepLoad) -> Double {
    decode.seconds(for: load.decodes, positions: 0)
      + prefill.seconds(for: load.prefillTokens, positions: load.prefillPositions)
  }

  /// Adds a measurement to the averages of its classes.
  public mutating func observe(_ load: StepLoad, seconds: Double) {
    guard load.prefillTokens > 0 else {
      if load.decodes > 0 { decode.observe(load.decodes, positions: 0, seconds: seconds) }
      return
    }
    // A step reads the weights once, with or without decodes: prompt tokens alone cost what they would beside one.
    let beside = decode.seconds(for: max(1, load.decodes), positions: 0)
    prefill.observe(load.prefillTokens, positions: load.prefillPositions, seconds: max(0, seconds - beside))
  }
}

/// Running averages of seconds by a number of tokens, and what each position they attend to costs of that.
private struct CostTable: Sendable {
  /// Averages of a class of numbers.
  private struct Entry {
    var number: Double
    /// Positions a token attends to.
    var depth: Double
    /// For each token.
    var seconds: Double
  }

  /// How much a measurement counts against all before.
  private static let weight = 0.2
  /// How much is kept, with every measurement, of what those before say about the slope.
  private static let memory = 0.995

  /// By class of numbers; nil where nothing was measured.
  private var entries: [Entry?] = []
  /// How depth and seconds of measurements differ together from the averages of their classes.
  private var covariance = 0.0
  private var variance = 0.0

  /// Seconds of a position.
  private var slope: Double { variance > 0 ? max(0, covariance / variance) : 0 }

  /// Eight and more are told apart by their first three binary digits.
  private static func entry(of number: Int) -> Int {
    guard number >= 8 else { return number }
    let exponent = Int.bitWidth - 1 - number.leadingZeroBitCount
    return 4 * (exponent - 1) + ((number >> (exponent - 2)) & 3)
  }

  mutating func observe(_ number: Int, positions: Int, seconds: Double) {
    let place = Self.entry(of: number)
    while entries.count <= place { entries.append(nil) }
    let measured = Entry(
      number: Double(number), depth: Double(positions) / Double(number), seconds: seconds / Double(number))
    guard var entry = entries[place] else { return entries[place] = measured }
    let (deeper, longer) = (measured.depth - entry.depth, measured.seconds - entry.seconds)
    covariance = Self.memory * covariance + deeper * longer
    variance = Self.memory * variance + deeper * deeper
    entry.number += Self.weight * (measured.number - entry.number)
    entry.depth += Self.weight * deeper
    entry.seconds += Self.weight * longer
    entries[place] = entry
  }

  func seconds(for number: Int, positions: Int) -> Double {
    guard number > 0 else { return 0 }
    return seconds(for: number) + slope * Double(positions)
  }

  /// What so many tokens cost besides their positions.
  private func seconds(for number: Int) -> Double {
    let place = Self.entry(of: number)
    let number = Double(number)
    func seconds(_ entry: Entry) -> Double { entry.number * max(0, entry.seconds - slope * entry.depth) }
    // Of its own class alone, if that was measured: what others say may be old.
    if place < entries.count, let own = entries[place] { return seconds(own) * number / own.number }
    let below = entries.prefix(place).last { $0 != nil } ?? nil
    for known in entries.dropFirst(place) {
      guard let known else { continue }
      guard let below else { return seconds(known) }
      let share = (number - below.number) / (known.number - below.number)
      return seconds(below) + share * max(0, seconds(known) - seconds(below))
    }
    guard let below else { return 0 }
    return seconds(below) * number / below.number
  }
}
