internal import Foundation
internal import Tensor

/// A model as GGUF: one mapped file, or several that its first one says belong together.
public struct GGUFFile: Sendable {
  /// One of the mapped files.
  struct Part: Sendable {
    let name: String
    let mapped: MappedFile
    let entries: [TensorEntry]
  }

  /// Where the file, or the first one, is.
  public let path: String
  /// The typed values of the file, or of the first one.
  public let metadata: GGUFMetadata
  let parts: [Part]

  /// Maps the file at `path` and, where it is the first of a split model, the files beside it that make up the rest.
  public init(path: String) throws(ModelFileError) {
    self.path = path
    let (first, header) = try Self.open(path)
    metadata = header.metadata
    let count = try metadata.integer("split.count", in: 0...ShardIndex.maximumShardCount) ?? 1
    guard count > 1 else {
      parts = [first]
      return
    }
    parts = try Self.parts(path, count: count, first: first, metadata)
  }

  /// The descriptions of all tensors, in all files.
  var entries: [TensorEntry] { parts.flatMap(\.entries) }

  private static func open(_ path: String) throws(ModelFileError) -> (part: Part, header: GGUFHeader) {
    let mapped: MappedFile
    do { mapped = try MappedFile(path: path) } catch { throw .unreadable(error) }
    let name = URL(fileURLWithPath: path).lastPathComponent
    let header = try GGUFHeader(parsing: mapped.bytes, file: name)
    return (Part(name: name, mapped: mapped, entries: header.entries), header)
  }

  private static func parts(
    _ path: String, count: Int, first: Part, _ metadata: GGUFMetadata
  ) throws(ModelFileError) -> [Part] {
    let name = SplitName(first.name)
    guard try metadata.integer("split.no", in: 0...count - 1) == 0 else {
      let wanted = name.map { "the first file, \(SplitName(stem: $0.stem, number: 1, count: count).text)" }
      throw metadata.invalid("split.no", expected: "0: open \(wanted ?? "the first file")")
    }
    guard let name, name.number == 1, name.count == count else {
      let expected = SplitName(stem: "NAME", number: 1, count: count).text
      throw .malformedFile(
        file: first.name, expected: "\(expected) as the name of the first of \(count) files", found: first.name)
    }
    var parts = [first]
    for number in 2...count {
      let sibling = SplitName(stem: name.stem, number: number, count: count).text
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
      let (part, header) = try open(folder.appendingPathComponent(sibling).path)
      for (key, expected) in [("split.no", number - 1), ("split.count", count)] {
        guard header.metadata.values[key]?.integer == expected else {
          throw header.metadata.invalid(key, expected: "\(expected), as the file's name says")
        }
      }
      parts.append(part)
    }
    let found = parts.reduce(0) { $0 + $1.entries.count }
    if let stated = try metadata.integer("split.tensors.count", in: 0...Int(Int32.max)), stated != found {
      throw metadata.invalid("split.tensors.count", expected: "\(found), the number of tensors in all files")
    }
    return parts
  }
}

/// The name of one file of a split model: `STEM-00001-of-00003.gguf`.
struct SplitName: Hashable {
  let stem: String
  /// Counts from 1.
  let number: Int
  let count: Int

  init(stem: String, number: Int, count: Int) {
    self.stem = stem
    self.number = number
    self.count = count
  }

  /// Takes a name apart; nil for one of another form.
  init?(_ name: String) {
    guard let match = name.wholeMatch(of: /(.+)-([0-9]{5})-of-([0-9]{5})\.gguf/), let number = Int(match.2),
      let count = Int(match.3)
    else { return nil }
    self.init(stem: String(match.1), number: number, count: count)
  }

  var text: String {
    func padded(_ number: Int) -> String {
      String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)"
    }
    return "\(stem)-\(padded(number))-of-\(padded(count)).gguf"
  }
}
