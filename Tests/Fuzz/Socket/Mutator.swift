import CLibFuzzer
import HTTPTestSupport
import HTTPTypes
import JSON
import TestSupport

@testable import APIServer

/// Changes inputs in ways that keep most of what makes sense: puts in requests of the API, of the conformance table, and
/// things that happen between bytes; takes out, repeats and mixes. All else is libFuzzer's own.
struct Mutator {
  private let fragments: [[UInt8]]

  init(_ api: APIServer) {
    var fragments = ConformanceTable.all.map { Self.escaped($0.input) }
    for endpoint in api.endpoints { fragments += Self.requests(to: endpoint) }
    self.fragments = fragments
  }

  private static func escaped(_ bytes: [UInt8]) -> [UInt8] {
    bytes.flatMap { $0 == Script.mark ? [Script.mark, Script.mark] : [$0] }
  }

  private static func operation(_ operation: Script.Operation, _ argument: UInt8 = 0) -> [UInt8] {
    [Script.mark, operation.rawValue] + (operation.hasArgument ? [argument] : [])
  }

  /// A request by the endpoint's own example, whole, streamed, in chunks, with a key, and for its head.
  private static func requests(to endpoint: Endpoint) -> [[UInt8]] {
    var path = endpoint.path
    for placeholder in endpoint.placeholders {
      path.replace("{\(placeholder.name)\(placeholder.takesRest ? "..." : "")}", with: "resp_000000000000000000000000")
    }
    func head(_ method: String, _ fields: String = "") -> [UInt8] {
      Array("\(method) \(path) HTTP/1.1\r\nHost: a\r\n\(fields)".utf8)
    }
    let method = endpoint.method.rawValue
    guard var body = endpoint.example else {
      // The description is long, and made anew each time.
      if ["/docs", "/openapi.json"].contains(path) { return [head(method, "\r\n")] }
      return [head(method, "\r\n"), head("HEAD", "\r\n"), head(method, "Authorization: Bearer secret\r\n\r\n")]
    }
    let json = "Content-Type: application/json\r\n"
    var requests = [
      head(method, json) + operation(.body) + body.bytes + operation(.split),
      head(method, json + "x-api-key: secret\r\n") + operation(.chunks, 9) + body.bytes + operation(.split),
      head(method, json + "Expect: 100-continue\r\n") + operation(.body) + body.bytes + operation(.awaitAnswer),
    ]
    if endpoint.isStreamable, case .object(var members) = body {
      members["stream"] = true
      body = .object(members)
      requests.append(head(method, json) + operation(.body) + body.bytes + operation(.split))
      members["background"] = true
      body = .object(members)
      requests.append(head(method, json) + operation(.body) + body.bytes + operation(.awaitAnswer))
    }
    return requests
  }

  /// Changes `size` of the bytes, of which there may be `capacity`.
  /// - Returns: how many there are.
  func mutate(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int, _ capacity: Int, seed: UInt64) -> Int {
    var random = SplitMix64(seed: seed)
    let kind = Int.random(in: 0..<10, using: &random)
    guard kind < 6 else { return LLVMFuzzerMutate(bytes, size, capacity) }
    var input = Array(UnsafeBufferPointer(start: bytes, count: size))
    if input.isEmpty { input = [0] }
    let places = Self.places(in: input)
    let place = places[Int.random(in: places.indices, using: &random)]
    let other = places[Int.random(in: places.indices, using: &random)]
    let range = min(place, other)..<max(place, other)
    switch kind {
    case 0, 1: input.insert(contentsOf: requests(&random), at: place)
    case 2: input.replaceSubrange(range, with: requests(&random))
    case 3:
      let operation = Script.Operation.allCases[Int.random(in: 0..<Script.Operation.allCases.count, using: &random)]
      let argument = UInt8(1 << Int.random(in: 0..<6, using: &random))
      input.insert(contentsOf: Self.operation(operation, argument), at: place)
    case 4: input.insert(contentsOf: input[range], at: place)
    default: input.removeSubrange(range)
    }
    let count = min(input.count, capacity)
    for (index, byte) in input.prefix(count).enumerated() { bytes[index] = byte }
    return count
  }

  /// Some fragments; about every other one is sent on a connection of its own, as a malformed one is the last of its.
  private func requests(_ random: inout SplitMix64) -> [UInt8] {
    (0..<Int.random(in: 1...4, using: &random)).flatMap { _ in
      let fragment = fragments[Int.random(in: fragments.indices, using: &random)]
      guard Bool.random(using: &random) else { return fragment }
      return Self.operation(.open, Int.random(in: 0..<4, using: &random) == 0 ? 1 : 0) + fragment
    }
  }

  /// Where something ends and something else begins: behind the first byte, behind line ends, at marks, and the end.
  private static func places(in input: [UInt8]) -> [Int] {
    var places = [1]
    for index in input.indices.dropFirst() {
      if input[index] == Script.mark || input[index - 1] == 0x0A { places.append(index) }
    }
    return places + [input.count]
  }
}
