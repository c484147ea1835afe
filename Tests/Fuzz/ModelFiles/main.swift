import FuzzSupport
import Tensor

@testable import ModelFiles

/// Reads the input as a GGUF file where it begins like one, else as a whole safetensors file, or, where it begins like
/// JSON, as a header in front of some data and as each of the configuration files. Whatever is accepted must keep what the types promise.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeRawBufferPointer(start: start, count: count)
  if input.starts(with: "GGUF".utf8) {
    checkGGUF(input)
    return 0
  }
  guard input.first == UInt8(ascii: "{") else {
    checkHeader(of: input)
    return 0
  }
  let length = withUnsafeBytes(of: UInt64(count).littleEndian, Array.init)
  let data = Array(repeating: UInt8(0), count: count % 4 * 8)
  (length + input + data).withUnsafeBytes { checkHeader(of: $0) }
  checkConfiguration(input)
  if let generation = try? GenerationConfiguration(parsing: input) {
    precondition(generation.eosTokenIDs.allSatisfy { $0 >= 0 })
  }
  return 0
}

/// Accepted tensors lie inside the file, end to end, and are as large as their shapes.
private func checkHeader(of file: UnsafeRawBufferPointer) {
  guard let header = try? SafetensorsHeader(parsing: file, file: "fuzz") else { return }
  var position = file.count - header.entries.reduce(0) { $0 + $1.range.count }
  for entry in header.entries {
    precondition(entry.range.lowerBound == position && entry.range.upperBound <= file.count)
    position = entry.range.upperBound
    precondition(entry.elementCount <= entry.range.count * 2)
    guard let type = ElementType.allCases.first(where: { $0.description == entry.dataType }) else { continue }
    let bytes = UnsafeRawBufferPointer(rebasing: file[entry.range])
    let view = TensorView(name: entry.name, shape: entry.shape, type: type, bytes: bytes, owner: Owner())
    precondition(view.floats().count == entry.elementCount)
  }
}

/// Accepted tensors lie inside the file, do not overlap, and are as large as their shapes.
private func checkGGUF(_ file: UnsafeRawBufferPointer) {
  guard let header = try? GGUFHeader(parsing: file, file: "fuzz") else { return }
  var position = 0
  for entry in header.entries {
    precondition(entry.range.lowerBound >= position && entry.range.upperBound <= file.count)
    position = entry.range.upperBound
    guard let type = ElementType.allCases.first(where: { $0.description == entry.dataType }) else { continue }
    let bytes = UnsafeRawBufferPointer(rebasing: file[entry.range])
    let view = TensorView(name: entry.name, shape: entry.shape, type: type, bytes: bytes, owner: Owner())
    precondition(view.floats().count == entry.elementCount)
  }
  if let model = try? ModelConfiguration(metadata: header.metadata, tensors: header.entries) { check(model) }
  if let tokenizer = try? TokenizerMetadata(header.metadata) {
    _ = try? tokenizer.specialTokens(header.metadata)
    precondition(tokenizer.conventionalEndTokens.allSatisfy { tokenizer.tokens.indices.contains(Int($0)) })
  }
}

private func checkConfiguration(_ text: UnsafeRawBufferPointer) {
  if let model = try? ModelConfiguration(parsing: text) { check(model) }
}

/// No accepted configuration makes the sizes that follow from it overflow.
private func check(_ model: ModelConfiguration) {
  let count = ParameterCount(of: model)
  precondition(count.total >= count.active && count.active > 0)
  precondition(model.layerKinds.count == model.feedForwardKinds.count)
  precondition((model.contextLength / 64 + 1) * model.keyValuePageByteCount(tokens: 64, type: .f32) >= 0)
  precondition(model.stateSlotByteCount(type: .f32) >= 0)
  precondition(2 * model.rope.pairCount <= model.attention.headDimension)
}

private final class Owner {}

runFuzzer()
