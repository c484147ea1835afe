import DiskCache
import Engine
import Foundation
import ModelFiles

/// Tells whether two processes compute the same bits: only then may one use the other's files.
enum CacheFingerprint {
  /// Weights of fewer bytes are digested whole.
  private static let wholeBytes = 64 << 20
  /// Of larger ones, so many tensors at most, so many bytes at either end of each, and when the files were written: what is
  /// changed between the samples is to be noticed, too.
  private static let mostSamples = 4096
  private static let sampleBytes = 64

  /// The fingerprint of a model as an engine runs it, with this program.
  static func of(_ model: ModelPackage, _ engine: Engine) -> Digest {
    var hash = SHA256()
    hash.update(text: "apus cache 1")
    hash.update(EngineConfiguration.pageSize)
    hash.update(text: "\(engine.configuration.cacheTypes) \(engine.configuration.compute) \(engine.instructionSet)")
    hash.update(engine.pageByteCount)
    hash.update(engine.slotByteCount)
    hash.update(program.bytes)
    hash.update(text: "\(model.configuration)")
    addWeights(of: model.weights, to: &hash)
    return hash.current()
  }

  /// The digest of the executable: another build may compute other bits.
  private static var program: Digest {
    var hash = SHA256()
    if let bytes = try? Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe"), options: .alwaysMapped) {
      hash.update(bytes)
    }
    return hash.current()
  }

  private static func addWeights(of store: TensorStore, to hash: inout SHA256) {
    let isSampled = store.fileByteCount > wholeBytes
    let stride = isSampled ? max(1, store.names.count / mostSamples) : 1
    if isSampled { for time in store.fileTimes { hash.update(time) } }
    for (index, name) in store.names.enumerated() {
      hash.update(text: name)
      guard index % stride == 0 else { continue }
      store.withContent(of: name) { type, shape, bytes in
        hash.update(text: "\(type) \(shape)")
        hash.update(isSampled ? UnsafeRawBufferPointer(rebasing: bytes.prefix(sampleBytes)) : bytes)
        if isSampled { hash.update(UnsafeRawBufferPointer(rebasing: bytes.suffix(sampleBytes))) }
      }
    }
  }
}
