/// Memory for a step's intermediate results: one block, handed out in order and taken back all at once.
package final class Workspace {
  private let base: UnsafeMutableRawPointer
  private let byteCount: Int
  private var used = 0

  /// Every piece starts on a cache line.
  private static let alignment = 64

  /// Takes over `base`, `byteCount` bytes aligned to 64, without freeing it.
  package init(base: UnsafeMutableRawPointer, byteCount: Int) {
    self.base = base
    self.byteCount = byteCount
  }

  /// The bytes that pieces of these element counts take together.
  package static func bytes<each Element: BitwiseCopyable>(_ pieces: repeat ((each Element).Type, Int)) -> Int {
    var total = 0
    for (type, count) in repeat each pieces { total += bytes(of: type, count) }
    return total
  }

  /// The bytes that one piece takes.
  package static func bytes<Element: BitwiseCopyable>(of _: Element.Type, _ count: Int) -> Int {
    (count * MemoryLayout<Element>.stride + alignment - 1) / alignment * alignment
  }

  /// A piece of `count` elements with undefined content. It is valid until `release` of an earlier mark.
  ///
  /// The workspace is sized by the same blocks that take from it, so running out is a mistake in the program.
  package func take<Element: BitwiseCopyable>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
    let start = used
    used += Self.bytes(of: type, count)
    precondition(used <= byteCount, "workspace of \(byteCount) bytes is too small")
    return (base + start).bindMemory(to: type, capacity: count)
  }

  /// `count` floats with undefined content.
  package func floats(_ count: Int) -> UnsafeMutablePointer<Float> { take(Float.self, count) }

  /// Where the next piece will start.
  package var mark: Int { used }

  /// Takes back everything handed out since `mark`.
  package func release(to mark: Int) { used = mark }
}
