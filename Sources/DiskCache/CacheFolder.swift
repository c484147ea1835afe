import Glibc

/// The files of a cache in one folder, bounded in size: those used least recently go first.
///
/// Files are written under another name, brought to the disk and then renamed, so that whatever happens, a file is whole
/// or not there. Nothing but cache files is ever deleted. Several processes may use a folder: files that another one
/// deletes are missing, no more.
struct CacheFolder {
  private struct Entry {
    let path: String
    let byteCount: Int
    var lastUse: Int
    /// Nil for files that were computed by another model or program.
    var item: CacheItem?
  }

  private let root: String
  /// Where this fingerprint's files are.
  private let own: String
  private let fingerprint: Digest
  private let limit: Int
  private let files: any FileSystem
  private var entries: [String: Entry] = [:]
  private(set) var byteCount = 0
  /// Items of this fingerprint whose files were deleted since this was last emptied.
  var removed: [CacheItem] = []
  private var temporaryCount = 0

  private static let suffixes = [".page", ".state"]
  private static let temporarySuffix = ".part"
  /// Temporary files that were not written to for so many seconds belong to a process that is gone.
  private static let staleSeconds = 3600

  /// Opens a folder, makes it if there is none, and looks what is there.
  ///
  /// - Parameters:
  ///   - fingerprint: of the model, the settings and the program; files with another one count, but are not read.
  ///   - limit: bytes of all files together at most.
  init(
    path: String, fingerprint: Digest, limit: Int, files: any FileSystem = SystemFiles()
  ) throws(DiskCacheError) {
    root = path
    own = "\(path)/\(fingerprint.hexadecimal.prefix(16))"
    self.fingerprint = fingerprint
    self.limit = limit
    self.files = files
    for folder in [root, own] {
      do throws(FileError) {
        try files.makeFolder(folder)
      } catch {
        if error.code != EEXIST { throw .unusableFolder(path: folder, reason: error.reason) }
      }
    }
    do throws(FileError) {
      try files.checkAccess(to: own)
    } catch {
      throw .unusableFolder(path: own, reason: error.reason)
    }
    for folder in files.names(in: root) {
      for name in files.names(in: "\(root)/\(folder)") { take("\(root)/\(folder)/\(name)") }
    }
    makeRoom(for: 0)
  }

  /// The items whose files are here.
  var items: [CacheItem] { entries.values.compactMap(\.item) }

  private mutating func take(_ path: String) {
    guard let status = files.status(of: path) else { return }
    if path.hasSuffix(Self.temporarySuffix) {
      if files.now - status.time / 1_000_000_000 > Self.staleSeconds { files.remove(path) }
      return
    }
    guard Self.suffixes.contains(where: path.hasSuffix) else { return }
    let entry = Entry(path: path, byteCount: status.byteCount, lastUse: status.time)
    entries[path] = entry
    byteCount += entry.byteCount
    guard path.hasPrefix(own + "/") else { return }
    do throws(CacheFileError) {
      let file = try header(of: path)
      guard file.fingerprint == fingerprint, self.path(of: file.item) == path else { throw .another }
      guard file.byteCount == entry.byteCount else {
        throw .wrongLength(expected: file.byteCount, found: entry.byteCount)
      }
      entries[path]?.item = file.item
    } catch {
      remove(path)
    }
  }

  private func path(of item: CacheItem) -> String { "\(own)/\(item.fileName)" }

  // MARK: - Reading

  /// The payload of an item, and marks it as used. A file that is damaged is deleted.
  mutating func read(_ item: CacheItem, payloadByteCount: Int) throws(CacheFileError) -> [UInt8] {
    let path = path(of: item)
    let expected = CacheFile(fingerprint: fingerprint, item: item, payloadByteCount: payloadByteCount).byteCount
    do throws(CacheFileError) {
      var bytes = try self.bytes(of: path, count: expected)
      let payload = try bytes.withUnsafeBufferPointer { bytes throws(CacheFileError) in
        let bytes = UnsafeRawBufferPointer(bytes)
        let file = try CacheFile(parsing: bytes)
        guard file.fingerprint == fingerprint, file.item == item else { throw .another }
        return try file.checkPayload(of: bytes)
      }
      guard payload.count == payloadByteCount else {
        throw .wrongLength(expected: payloadByteCount, found: payload.count)
      }
      let now = files.touch(path)
      entries[path]?.lastUse = now
      bytes.removeSubrange(payload.upperBound...)
      bytes.removeSubrange(..<payload.lowerBound)
      return bytes
    } catch {
      remove(path)
      throw error
    }
  }

  private func header(of path: String) throws(CacheFileError) -> CacheFile {
    let bytes = try bytes(of: path, atMost: CacheFile.maximumHeaderByteCount)
    return try bytes.withUnsafeBufferPointer { bytes throws(CacheFileError) in
      try CacheFile(parsing: UnsafeRawBufferPointer(bytes))
    }
  }

  private func bytes(of path: String, count expected: Int) throws(CacheFileError) -> [UInt8] {
    let bytes = try bytes(of: path, atMost: expected + 1)
    guard bytes.count == expected else { throw .wrongLength(expected: expected, found: bytes.count) }
    return bytes
  }

  private func bytes(of path: String, atMost limit: Int) throws(CacheFileError) -> [UInt8] {
    do throws(FileError) {
      return try files.read(path, atMost: limit)
    } catch {
      throw .unreadable(code: error.code)
    }
  }

  // MARK: - Writing

  /// Writes an item's file, and deletes others to make room for it.
  /// - Returns: false if it is larger than all files may be.
  mutating func write(_ item: CacheItem, payload: [UInt8]) throws(DiskCacheError) -> Bool {
    let path = path(of: item)
    let file = CacheFile(fingerprint: fingerprint, item: item, payloadByteCount: payload.count)
    guard file.byteCount <= limit else { return false }
    if entries[path] != nil { remove(path) }
    makeRoom(for: file.byteCount)
    temporaryCount += 1
    let temporary = "\(own)/\(getpid())-\(temporaryCount)\(Self.temporarySuffix)"
    do throws(FileError) {
      let header = file.header
      let trailer = payload.withUnsafeBytes { CacheFile.trailer(of: header, payload: $0) }
      try files.write([header, payload, trailer], to: temporary)
      try files.rename(temporary, to: path)
    } catch {
      files.remove(temporary)
      throw .unwritable(path: path, code: error.code)
    }
    files.synchronize(folder: own)
    entries[path] = Entry(path: path, byteCount: file.byteCount, lastUse: files.touch(path), item: item)
    byteCount += file.byteCount
    return true
  }

  // MARK: - Deleting

  /// Deletes what was used least recently until there is room; then some more, so that it need not be done each time.
  private mutating func makeRoom(for added: Int) {
    guard byteCount + added > limit else { return }
    let target = max(0, limit - limit / 16 - added)
    for entry in entries.values.sorted(by: { $0.lastUse < $1.lastUse }) {
      guard byteCount > target else { return }
      remove(entry.path)
    }
  }

  private mutating func remove(_ path: String) {
    files.remove(path)
    guard let entry = entries.removeValue(forKey: path) else { return }
    byteCount -= entry.byteCount
    if let item = entry.item { removed.append(item) }
  }
}
