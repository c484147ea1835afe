extension ScalarSet {
  /// The set with the upper and lower forms of its characters, as Unicode's simple case folding relates them.
  var ignoringCase: ScalarSet {
    var added: [ClosedRange<UInt32>] = []
    for range in ranges {
      // Characters without other forms are most of them: those that have some are looked up.
      var index = Self.firstCased(from: range.lowerBound)
      while index < Self.cased.count, Self.cased[index].scalar <= range.upperBound {
        added += Self.cased[index].others.map { $0...$0 }
        index += 1
      }
    }
    return added.isEmpty ? self : ScalarSet(ranges + added)
  }

  private static func firstCased(from scalar: UInt32) -> Int {
    var (low, high) = (0, cased.count)
    while low < high {
      let middle = (low + high) / 2
      if cased[middle].scalar < scalar { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The characters that have other forms, ascending, with those.
  private static let cased: [(scalar: UInt32, others: [UInt32])] = {
    // Two characters are the same if the lower form of the upper form is, where both are single characters.
    func folded(_ scalar: Unicode.Scalar) -> UInt32 {
      // Dotless i is a letter of its own, though its upper form is that of i.
      if scalar.value == 0x131 { return scalar.value }
      let upper = single(scalar.properties.uppercaseMapping) ?? scalar
      return (single(upper.properties.lowercaseMapping) ?? upper).value
    }
    func single(_ text: String) -> Unicode.Scalar? {
      text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
    }
    var classes: [UInt32: [UInt32]] = [:]
    // No script beyond has cases.
    for value in 0...UInt32(0x1FFFF) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let properties = scalar.properties
      guard properties.changesWhenUppercased || properties.changesWhenLowercased else { continue }
      classes[folded(scalar), default: []].append(value)
    }
    return classes.values.flatMap { members in
      members.count == 1 ? [] : members.map { member in (member, members.filter { $0 != member }) }
    }.sorted { $0.scalar < $1.scalar }
  }()
}
