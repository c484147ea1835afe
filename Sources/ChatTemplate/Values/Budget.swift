/// What a rendering may still do. Everything that takes time or memory asks here first.
final class Budget {
  let limits: TemplateLimits
  private var stepsLeft: Int

  init(_ limits: TemplateLimits) {
    self.limits = limits
    stepsLeft = limits.maximumSteps
  }

  /// Spends steps.
  @inline(__always)
  func spend(_ steps: Int = 1) throws(Fault) {
    stepsLeft -= steps
    if stepsLeft < 0 { throw outOfSteps }
  }

  private var outOfSteps: Fault { Fault(.limit, "the template takes more than \(limits.maximumSteps) steps") }

  /// Spends what making or reading this much text costs.
  func spend(textBytes: Int) throws(Fault) {
    guard textBytes <= limits.maximumTextBytes else {
      throw Fault(.limit, "text exceeds \(limits.maximumTextBytes) bytes")
    }
    try spend(textBytes / TemplateLimits.bytesPerStep)
  }

  func spend(text: String) throws(Fault) { try spend(textBytes: text.utf8.count) }

  /// Spends what making a collection of this size costs.
  func spend(elements: Int) throws(Fault) {
    guard elements <= limits.maximumElements else {
      throw Fault(.limit, "a collection exceeds \(limits.maximumElements) elements")
    }
    try spend(elements)
  }
}
