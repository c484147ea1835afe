import Foundation
import JSON
import Testing

/// Inputs and outputs of one block, computed by transformers (Tools/fixtures/README.md).
struct BlockFixture: Sendable, CustomTestStringConvertible {
  struct Tensor: Sendable {
    let shape: [Int]
    let values: [Float]
  }

  let name: String
  let parameters: JSONObject
  let tensors: [String: Tensor]

  var testDescription: String { name }

  static func all(_ file: String) throws -> [BlockFixture] {
    let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(file).json")
    let content = try JSON(parsing: [UInt8](Data(contentsOf: url)))
    try #require(content["schema"]?.intValue == 1)
    return try #require(content["cases"]?.arrayValue).map { try BlockFixture($0) }
  }

  private init(_ json: JSON) throws {
    name = try #require(json["name"]?.stringValue)
    parameters = try #require(json["parameters"]?.objectValue)
    var tensors: [String: Tensor] = [:]
    for (name, tensor) in try #require(json["tensors"]?.objectValue) {
      tensors[name] = Tensor(
        shape: try #require(tensor["shape"]?.arrayValue).compactMap(\.intValue),
        values: try #require(tensor["values"]?.arrayValue).compactMap(\.doubleValue).map(Float.init))
    }
    self.tensors = tensors
  }

  func values(_ name: String) throws -> [Float] { try #require(tensors[name]).values }
  func shape(_ name: String) throws -> [Int] { try #require(tensors[name]).shape }
  func number(_ name: String) throws -> Double { try #require(parameters[name]?.doubleValue) }
  func integer(_ name: String) throws -> Int { try #require(parameters[name]?.intValue) }
}

func expectClose(_ found: [Float], _ expected: [Float], tolerance: Float, _ what: String = "") {
  #expect(found.count == expected.count)
  let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
  #expect(worst <= tolerance, "\(what)")
}
