import Foundation

/// Certificates and keys made for one test by the `openssl` command, in a folder that goes with this.
public final class TestCertificates: Sendable {
  private let folder: URL

  /// An empty folder.
  public init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "certificates-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// The path of a file.
  public func path(_ name: String) -> String { folder.appending(path: name).path }

  /// Makes a certificate for 127.0.0.1 that signs itself, and its key.
  /// - Parameter key: what `openssl req -newkey` takes.
  /// - Returns: their paths.
  public func make(_ name: String, key: String = "ec -pkeyopt ec_paramgen_curve:P-256") throws -> (
    certificate: String, key: String
  ) {
    let paths = (certificate: path("\(name).pem"), key: path("\(name).key"))
    try openssl(
      "req -x509 -nodes -days 2 -subj /CN=\(name) -addext subjectAltName=IP:127.0.0.1 -newkey \(key) "
        + "-keyout \(paths.key) -out \(paths.certificate)")
    return paths
  }

  /// Writes a file.
  public func write(_ text: String, to name: String) throws -> String {
    try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    return path(name)
  }

  /// Runs a command of openssl, its arguments separated by spaces.
  public func openssl(_ arguments: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
    let output = Pipe()
    process.standardError = output
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let said = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw SocketClientError(description: "openssl \(arguments): \(String(decoding: said, as: UTF8.self))")
    }
  }
}
