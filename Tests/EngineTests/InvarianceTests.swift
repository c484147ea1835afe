import Engine
import Kernels
import Models
import Testing

/// A token's logits have the same bits however its sequence was processed.
@Suite struct InvarianceTests {
  @Test(arguments: ReferenceModel.names)
  func chunksAndThreadsDoNotMatter(name: String) throws {
    let reference = try ReferenceModel(name)
    let ids = reference.longest
    for set in InstructionSet.available {
      let whole = try reference.engine(set).logits(ids)
      for (chunk, threads) in [(1, 1), (7, 1), (64, 1), (7, 2), (.max, 3)] {
        let engine = try reference.engine(threads: threads, set)
        #expect(try engine.logits(ids, chunk: chunk) == whole, "\(name) \(set), chunks of \(chunk), \(threads) threads")
      }
    }
  }

  @Test(arguments: ReferenceModel.names, [1, 3])
  func placesOfWeightsDoNotMatter(name: String, threads: Int) throws {
    let mapped = try ReferenceModel(name)
    let copied = try ReferenceModel(name, weights: .hugePages(threads: threads))
    #expect(try copied.engine().logits(copied.longest) == mapped.engine().logits(mapped.longest))
  }

  @Test(arguments: ReferenceModel.names)
  func companyDoesNotMatter(name: String) throws {
    let reference = try ReferenceModel(name)
    let alone = try reference.engine()
    // Eight sequences of different lengths, each starting elsewhere in the longest one.
    let sequences = (0..<8).map { Array(reference.longest.dropFirst($0).prefix(20 + 13 * $0)) }
    let expected = try sequences.map { try alone.logits($0) }

    let engine = try reference.engine(threads: 2)
    var found: [[[Float]]] = Array(repeating: [], count: sequences.count)
    var round = 0
    while found.indices.contains(where: { found[$0].count < sequences[$0].count }) {
      var inputs: [SequenceInput] = []
      for (index, sequence) in sequences.enumerated() where found[index].count < sequence.count {
        let position = found[index].count
        // Prompts in chunks of various sizes beside single tokens; some sequences sit a round out.
        let count = min([1, 5, 30, 0, 1, 17][(round + index) % 6], sequence.count - position)
        guard count > 0 else { continue }
        inputs.append(
          SequenceInput(
            tokens: Array(sequence[position..<position + count]), position: position, slot: 7 - index,
            pages: (0..<8).map { Int32($0 * 8 + index) }, logits: .all))
      }
      if round % 2 == 1 { inputs.reverse() }
      try engine.step(inputs) { input, _, row in found[7 - inputs[input].slot].append(Array(row)) }
      round += 1
    }
    #expect(found == expected, "\(name)")
  }

  @Test(arguments: ReferenceModel.names)
  func earlierSequencesLeaveNothingBehind(name: String) throws {
    let reference = try ReferenceModel(name)
    let ids = reference.longest
    let pages = (0...Int32(ids.count / EngineConfiguration.pageSize)).map { $0 }
    let fresh = try reference.engine().logits(ids)
    let engine = try reference.engine(pages: pages.count, slots: 1)
    _ = try engine.logits(ids.reversed(), pages: pages.reversed())
    #expect(try engine.logits(ids, chunk: 5, pages: pages) == fresh, "\(name)")
    // A sequence that ended in the middle of a chunk and of a page.
    _ = try engine.logits(Array(ids.prefix(11).reversed()), pages: pages)
    #expect(try engine.logits(ids, pages: pages.reversed()) == fresh, "\(name)")
  }

  @Test func onlyWantedLogitsAreComputed() throws {
    let reference = try ReferenceModel("f32-interval4")
    let engine = try reference.engine()
    let ids = Array(reference.longest.prefix(20))
    let all = try engine.logits(ids)
    var received: [(Int, Int, [Float])] = []
    let inputs = [LogitsRequest.none, .last, .all].enumerated().map { index, request in
      SequenceInput(tokens: ids, position: 0, slot: index, pages: [Int32(index)], logits: request)
    }
    try engine.step(inputs) { received.append(($0, $1, Array($2))) }
    #expect(received.map(\.0) == [1] + Array(repeating: 2, count: 20))
    #expect(received.map(\.1) == [19] + Array(0..<20))
    #expect(received.map(\.2) == [all[19]] + all)
  }

  @Test func pagesThatAreOnlyReadMayBeShared() throws {
    let reference = try ReferenceModel("f32-interval4")
    let engine = try reference.engine()
    let ids = Array((reference.longest + reference.longest).prefix(70))
    let expected = try engine.logits(ids, pages: [0, 1])[69]
    // Two sequences with the same first 64 tokens; the second reads the first one's page.
    _ = try engine.logits(Array(ids.prefix(64)), slot: 1, pages: [2])
    _ = try engine.logits(Array(ids.prefix(64)), slot: 2, pages: [3])
    let inputs = [(1, [2, 4]), (2, [2, 5])].map { slot, pages in
      SequenceInput(tokens: Array(ids[64...]), position: 64, slot: slot, pages: pages, logits: .last)
    }
    try engine.step(inputs) { _, _, row in #expect(Array(row) == expected) }
  }
}
