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
  init(path: String, fingerprint: Digest, limit: Int) throws(DiskCacheError) {
    root = path
    own = "\(path)/\(fingerprint.hexadecimal.prefix(16))"
    self.fingerprint = fingerprint
    self.limit = limit
    for folder in [root, own] where mkdir(folder, 0o700) != 0 && errno != EEXIST {
      throw .unusableFolder(path: folder, reason: String(cString: strerror(errno)))
    }
    guard access(own, R_OK | W_OK | X_OK) == 0 else {
      throw .unusableFolder(path: own, reason: String(cString: strerror(errno)))
    }
    for folder in Self.names(in: root) {
      for name in Self.names(in: "\(root)/\(folder)") { take("\(root)/\(folder)/\(name)") }
    }
    makeRoom(for: 0)
  }

  /// The items whose files are here.
  var items: [CacheItem] { entries.values.compactMap(\.item) }

  private mutating func take(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
    let now = time(nil)
    if path.hasSuffix(Self.temporarySuffix) {
      if now - status.st_mtim.tv_sec > Self.staleSeconds { unlink(path) }
      return
    }
    guard Self.suffixes.contains(where: path.hasSuffix) else { return }
    let entry = Entry(
      path: path, byteCount: Int(status.st_size),
      lastUse: status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec)
    entries[path] = entry
    byteCount += entry.byteCount
    guard path.hasPrefix(own + "/") else { return }
    do throws(CacheFileError) {
      let file = try Self.header(of: path)
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
      var bytes = try Self.bytes(of: path, count: expected)
      let payload = try bytes.withUnsafeBufferPointer { bytes throws(CacheFileError) in
        let bytes = UnsafeRawBufferPointer(bytes)
        let file = try CacheFile(parsing: bytes)
        guard file.fingerprint == fingerprint, file.item == item else { throw .another }
        return try file.checkPayload(of: bytes)
      }
      guard payload.count == payloadByteCount else {
        throw .wrongLength(expected: payloadByteCount, found: payload.count)
      }
      entries[path]?.lastUse = Self.touch(path)
      bytes.removeSubrange(payload.upperBound...)
      bytes.removeSubrange(..<payload.lowerBound)
      return bytes
    } catch {
      remove(path)
      throw error
    }
  }

  private static func header(of path: String) throws(CacheFileError) -> CacheFile {
    let bytes = try Self.bytes(of: path, atMost: CacheFile.maximumHeaderByteCount)
    return try bytes.withUnsafeBufferPointer { bytes throws(CacheFileError) in
      try CacheFile(parsing: UnsafeRawBufferPointer(bytes))
    }
  }

  private static func bytes(of path: String, count expected: Int) throws(CacheFileError) -> [UInt8] {
    let bytes = try Self.bytes(of: path, atMost: expected + 1)
    guard bytes.count == expected else { throw .wrongLength(expected: expected, found: bytes.count) }
    return bytes
  }

  /// The first bytes of a file.
  private static func bytes(of path: String, atMost limit: Int) throws(CacheFileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw .unreadable(code: errno) }
    defer { close(descriptor) }
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      while count < limit {
        let read = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, limit - count)
        if read < 0, errno == EINTR { continue }
        guard read > 0 else {
          if read < 0 { code = errno }
          return
        }
        count += read
      }
    }
    guard code == 0 else { throw .unreadable(code: code) }
    return bytes
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
    do throws(DiskCacheError) {
      let header = file.header
      let trailer = payload.withUnsafeBytes { CacheFile.trailer(of: header, payload: $0) }
      try Self.write([header, payload, trailer], to: temporary)
      guard rename(temporary, path) == 0 else { throw .unwritable(path: path, code: errno) }
    } catch {
      unlink(temporary)
      throw error
    }
    Self.synchronize(folder: own)
    entries[path] = Entry(path: path, byteCount: file.byteCount, lastUse: Self.touch(path), item: item)
    byteCount += file.byteCount
    return true
  }

  private static func write(_ pieces: [[UInt8]], to path: String) throws(DiskCacheError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unwritable(path: path, code: errno) }
    defer { close(descriptor) }
    for piece in pieces {
      var done = 0
      while done < piece.count {
        let written = piece.withUnsafeBytes {
          Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done)
        }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw .unwritable(path: path, code: errno) }
        done += written
      }
    }
    guard fdatasync(descriptor) == 0 else { throw .unwritable(path: path, code: errno) }
  }

  /// Brings a folder's names to the disk. Without that, a file may be lost, no more.
  private static func synchronize(folder: String) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
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
    unlink(path)
    guard let entry = entries.removeValue(forKey: path) else { return }
    byteCount -= entry.byteCount
    if let item = entry.item { removed.append(item) }
  }

  private static func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Makes now the time a file was used at. The time that the kernel would give it may be the same for many.
  /// - Returns: that time in nanoseconds.
  private static func touch(_ path: String) -> Int {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    utimensat(AT_FDCWD, path, [now, now], 0)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec
  }
}
