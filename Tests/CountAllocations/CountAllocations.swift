import CAllocationCount
import Engine
import Foundation
import Kernels
import ModelFiles
import Models
import Sampling

/// Counts what steps take from the allocator, which must be nothing, over the models named as arguments.
///
/// A program of its own, since the functions that count serve a whole process, and since only optimised code keeps
/// the promise.
@main struct CountAllocations {
  static func main() throws {
    guard allocations_are_counted() else { return print("allocations cannot be counted here") }
    let probe = allocation_count()
    UnsafeMutablePointer<Int>.allocate(capacity: 1000).deallocate()
    guard allocation_count() == probe + 1 else { fatalError("the counter does not count") }

    var failures = 0
    for path in CommandLine.arguments.dropFirst() {
      let model = try loadModel(ModelPackage(path: path))
      for set in InstructionSet.available {
        for threads in [1, 2] {
          let run = try StepRun(model, threads: threads, set)
          let prefill = try run.count(run.prefill)
          let decode = try run.count(run.decode)
          if prefill + decode > 0 { failures += 1 }
          print("\(path), \(set), \(threads) threads: \(prefill) while reading, \(decode) while decoding")
        }
      }
    }
    exit(failures == 0 ? 0 : 1)
  }
}

/// Ten steps that read prompts and a hundred that decode, of four sequences, with a token sampled from all logits.
private final class StepRun {
  private(set) var prefill: [[SequenceInput]] = []
  private(set) var decode: [[SequenceInput]] = []
  private let engine: Engine
  private var sampler: Sampler
  private let parameters: [SamplingParameters]

  init(_ model: LanguageModel, threads: Int, _ set: InstructionSet) throws {
    let sequences = 4
    let pages = 4
    engine = try Engine(
      model: model,
      configuration: EngineConfiguration(
        pageCount: sequences * pages, slotCount: sequences, maximumStepTokens: 64, threads: threads),
      kernels: Kernels(set), leastSharedWork: 0)
    sampler = Sampler(vocabularySize: engine.vocabularySize)
    parameters = [
      .greedy, try SamplingParameters(temperature: 0.8, topK: 20, topP: 0.9), try SamplingParameters(topP: 0.8),
      try SamplingParameters(minP: 0.1),
    ]
    var positions = Array(repeating: 0, count: sequences)
    for step in 0..<110 {
      let lengths = step < 10 ? [1 + step, 10, 5, 3] : Array(repeating: 1, count: sequences)
      // A sequence that has filled the context starts again.
      for index in positions.indices where positions[index] + lengths[index] > model.configuration.contextLength {
        positions[index] = 0
      }
      let inputs = (0..<sequences).map { index in
        SequenceInput(
          tokens: (0..<lengths[index]).map { Int32((positions[index] + $0 * 7) % engine.vocabularySize) },
          position: positions[index], slot: index, pages: (0..<pages).map { Int32(index * pages + $0) },
          logits: index == 1 ? .all : .last)
      }
      if step < 10 { prefill.append(inputs) } else { decode.append(inputs) }
      for index in positions.indices { positions[index] += lengths[index] }
    }
    // Once before anything is counted: libraries set themselves up at their first use.
    _ = try count([prefill[0]])
  }

  /// Runs the steps; returns the calls of the allocator meanwhile.
  func count(_ steps: [[SequenceInput]]) throws -> Int {
    let before = allocation_count()
    for step in steps {
      try engine.step(step) { input, token, row in
        _ = sampler.sample(row, parameters[input], position: token)
      }
    }
    return Int(allocation_count() - before)
  }
}
