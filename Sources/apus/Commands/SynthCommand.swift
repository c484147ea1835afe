import ArgumentParser
import Foundation
import ModelFiles
import Synthesis

/// `apus synth`: random models for benchmarks and tests.
struct SynthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synth",
    abstract: "Make a random model of any size, as a GGUF file or a Hugging Face folder.",
    discussion: """
      apus synth -o next.gguf                         2.5 billion weights, Q4_K_M
      apus synth --type Q8_0 -o next-q8.gguf          the same in other blocks
      apus synth --type BF16 -o next                  the same as a folder
      apus synth --architecture qwen3 --layers 4 -o small.gguf
      apus synth --layers 2 --full-attention-interval 2 --experts 512 -o wide.gguf

      The model runs at the speed of a trained one of its size and type, here and
      in llama.cpp, but what it says is made-up words. The same options and seed
      make the same bytes. Sizes that are not given are those of the architecture:

                 layers  hidden  heads/kv x size  feed-forward
      qwen3next       8    2048   16/2 x 256      64 experts of 512, 10 a token,
                                                  and a shared one
      qwen3moe        8    2048   32/4 x 128      64 experts of 768, 8 a token
      qwen3          28    1024   16/8 x 128      3072
      qwen2          24     896   14/2 x 64       4864
      llama          16    2048   32/8 x 64       8192

      Quantised files are mixed as llama.cpp's quantiser does it: below Q8_0 the
      output projection is Q6_K; in Q4_K_M and Q5_K_M half of the value and down
      projections are too; norms and the router stay F32. Where rows are not
      multiples of 256, Q5_0 stands for Q4_K, Q5_1 for Q5_K and Q8_0 for Q6_K.
      """)

  @Option(help: "One of \(Architecture.allCases.map(\.ggufName).joined(separator: ", ")).")
  var architecture = Architecture.qwen3Next

  @Option(
    help: "Types of the weights: \(WeightMix.allCases.map(\.rawValue).joined(separator: ", ")). Folders: floats only.")
  var type = WeightMix.q4KM

  @Option(name: .shortAndLong, help: "A file that ends in .gguf, or a folder.")
  var output: String

  @Option(help: "Which of the possible models.")
  var seed: UInt64 = 0

  @Flag(help: "Add a multi-token-prediction head (qwen3next).")
  var draftHead = false

  @OptionGroup(title: "Sizes") var sizes: SizeOptions

  func run() throws {
    var shape = sizes.shape(architecture)
    shape.hasDraftHead = draftHead
    let synthesizer = try ModelSynthesizer(shape: shape, mix: type, seed: seed)
    let isFile = output.lowercased().hasSuffix(".gguf")
    let start = ContinuousClock.now
    let bar = ProgressLine()
    let made =
      isFile
      ? try synthesizer.writeGGUF(to: output, progress: bar.show(_:of:))
      : try synthesizer.writeFolder(to: output, progress: bar.show(_:of:))
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let millions = Double(made.parameterCount) / 1e6
    let size = Double(made.byteCount) / 1_073_741_824
    print(
      "\(output): \(architecture.ggufName), \(String(format: "%.1f", millions)) million weights in \(made.tensorCount)"
        + " tensors, \(type.rawValue), \(String(format: "%.2f", size)) GiB, made in"
        + " \(String(format: "%.1f", seconds)) s")
  }
}

/// The sizes of a model; those left out are the architecture's.
struct SizeOptions: ParsableArguments {
  @Option(help: "Decoder layers.") var layers: Int?
  @Option(help: "Elements of an activation between layers.") var hidden: Int?
  @Option(help: "Tokens.") var vocabulary: Int?
  @Option(help: "Inner size of dense feed-forward parts.") var intermediate: Int?
  @Option(help: "Query heads.") var heads: Int?
  @Option(help: "Key and value heads.") var kvHeads: Int?
  @Option(help: "Elements of a head.") var headSize: Int?
  @Option(help: "Routed experts a layer.") var experts: Int?
  @Option(help: "Routed experts a token uses.") var expertsPerToken: Int?
  @Option(help: "Inner size of a routed expert.") var expertSize: Int?
  @Option(help: "Inner size of the shared expert.") var sharedExpertSize: Int?
  @Option(help: "Key heads of linear attention.") var linearKeyHeads: Int?
  @Option(help: "Value heads of linear attention.") var linearValueHeads: Int?
  @Option(help: "Elements of a head of linear attention.") var linearHeadSize: Int?
  @Option(help: "One layer in so many has full attention.") var fullAttentionInterval: Int?
  @Option(help: "Tokens a sequence may have.") var context: Int?

  /// The architecture's sizes with the given ones in their places.
  func shape(_ architecture: Architecture) -> ModelShape {
    var shape = ModelShape(architecture)
    let given: [(WritableKeyPath<ModelShape, Int>, Int?)] = [
      (\.layerCount, layers), (\.hiddenSize, hidden), (\.vocabularySize, vocabulary),
      (\.intermediateSize, intermediate), (\.headCount, heads), (\.keyValueHeadCount, kvHeads), (\.headSize, headSize),
      (\.expertCount, experts), (\.expertsPerToken, expertsPerToken), (\.expertSize, expertSize),
      (\.sharedExpertSize, sharedExpertSize), (\.linearKeyHeadCount, linearKeyHeads),
      (\.linearValueHeadCount, linearValueHeads), (\.linearHeadSize, linearHeadSize),
      (\.fullAttentionInterval, fullAttentionInterval), (\.contextLength, context),
    ]
    for (path, value) in given {
      if let value { shape[keyPath: path] = value }
    }
    return shape
  }
}
