// swift-tools-version: 6.2
import PackageDescription

// What GET /health is measured beside; see ../connections.py.
let package = Package(
  name: "hummingbird-health",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1")],
  targets: [
    .executableTarget(name: "health", dependencies: [.product(name: "Hummingbird", package: "hummingbird")])
  ]
)
