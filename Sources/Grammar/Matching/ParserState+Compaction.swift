extension ParserState {
  /// A state with only the given sets and the ones they began in, and the numbers of the given sets in it.
  func compacted(keeping kept: [Int32]) -> (state: ParserState, sets: [Int32]) {
    var needed: Set<Int32> = []
    var pending = kept + [Self.first]
    while let set = pending.popLast() {
      guard needed.insert(set).inserted else { continue }
      let record = sets[Int(set)]
      pending += scanItems[record.scans.lowerBound..<record.scanKernel].map(\.origin)
      pending += ruleItems[record.rules.lowerBound..<record.ruleKernel].map(\.origin)
    }
    // Origins are older, so in ascending order each set's are there before it.
    var result = ParserState(network)
    var numbers: [Int32: Int32] = [Self.first: Self.first]
    for set in needed.sorted() where set != Self.first {
      let record = sets[Int(set)]
      let scans = scanItems[record.scans.lowerBound..<record.scanKernel].map { item in
        var item = item
        item.origin = numbers[item.origin] ?? Self.first
        return item
      }
      let rules = ruleItems[record.rules.lowerBound..<record.ruleKernel].map { item in
        var item = item
        item.origin = numbers[item.origin] ?? Self.first
        return item
      }
      numbers[set] = result.set(of: scans, rules, accepts: record.accepts)
    }
    return (result, kept.map { numbers[$0] ?? Self.first })
  }
}
