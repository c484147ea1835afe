import DiskCache
import Glibc

/// A disk that is slow, fills up, and loses and damages files.
final class SimulatedFiles: FileSystem, @unchecked Sendable {
  private struct File {
    var bytes: [UInt8]
    var time: Int
  }

  private let world: World
  private let faults: Scenario.Faults
  private var folders: Set<String> = []
  private var files: [String: File] = [:]
  /// How far the time of day is off.
  private var skew = 0

  init(_ world: World, _ faults: Scenario.Faults) {
    self.world = world
    self.faults = faults
  }

  /// Bytes that may be in files.
  var limit = Int.max
  private var byteCount = 0

  private func put(_ file: File?, at path: String) {
    byteCount += (file?.bytes.count ?? 0) - (files[path]?.bytes.count ?? 0)
    files[path] = file
    if byteCount > limit { world.fail("\(byteCount) bytes are in files, and \(limit) may be") }
  }

  /// The time of day is set.
  func setClock() { skew = world.int(-100_000...100_000) * 1_000_000_000 }

  private var clock: Int { 1_700_000_000_000_000_000 + Int(world.time) + skew }

  var now: Int { clock / 1_000_000_000 }

  func makeFolder(_ path: String) throws(FileError) {
    if !folders.insert(path).inserted { throw FileError(code: EEXIST) }
  }

  func checkAccess(to folder: String) throws(FileError) {}

  func names(in folder: String) -> [String] {
    (Array(files.keys) + folders).filter { $0.hasPrefix(folder + "/") }.map { String($0.dropFirst(folder.count + 1)) }
      .filter { !$0.contains("/") }.sorted()
  }

  func status(of path: String) -> FileStatus? {
    files[path].map { FileStatus(byteCount: $0.bytes.count, time: $0.time) }
  }

  func read(_ path: String, atMost limit: Int) throws(FileError) -> [UInt8] {
    world.pass(Int64(world.magnitude(1...2000)) * 1000)
    if world.happens(faults.disk) { throw FileError(code: EIO) }
    guard let file = files[path] else { throw FileError(code: ENOENT) }
    return Array(file.bytes.prefix(limit))
  }

  func write(_ pieces: [[UInt8]], to path: String) throws(FileError) {
    world.pass(Int64(world.magnitude(1...5000)) * 1000)
    var bytes = pieces.flatMap { $0 }
    if world.happens(faults.disk) {
      put(File(bytes: Array(bytes.prefix(world.int(0...bytes.count))), time: clock), at: path)
      throw FileError(code: world.happens(500_000) ? ENOSPC : EIO)
    }
    // Damage that nobody notices at once.
    if world.happens(faults.damage), !bytes.isEmpty {
      if world.happens(500_000) {
        bytes[world.int(0...bytes.count - 1)] ^= UInt8(1 << world.int(0...7))
      } else {
        bytes.removeLast(world.int(1...bytes.count))
      }
    }
    put(File(bytes: bytes, time: clock), at: path)
  }

  func rename(_ path: String, to other: String) throws(FileError) {
    if world.happens(faults.disk) { throw FileError(code: EIO) }
    guard let file = files[path] else { throw FileError(code: ENOENT) }
    put(nil, at: path)
    put(file, at: other)
  }

  func remove(_ path: String) { put(nil, at: path) }

  func synchronize(folder: String) {}

  func touch(_ path: String) -> Int {
    let time = clock
    files[path]?.time = time
    return time
  }

  /// Somebody else deletes a file.
  func lose() {
    let paths = files.keys.sorted()
    if !paths.isEmpty { put(nil, at: paths[world.int(0...paths.count - 1)]) }
  }
}
