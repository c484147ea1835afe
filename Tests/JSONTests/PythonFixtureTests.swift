import Foundation
import JSON
import Testing

/// Compares with what Python's `json` module does (fixtures by Tools/json/make_fixtures.py).
struct PythonFixtureTests {
  private func fixture(_ name: String) throws -> Data {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
    return try Data(contentsOf: url)
  }

  @Test func writesDoublesAsRepr() throws {
    let text = String(decoding: try fixture("doubles.txt"), as: UTF8.self)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 900)
    for line in lines {
      let parts = line.split(separator: " ")
      let value = Double(bitPattern: try #require(UInt64(parts[0], radix: 16)))
      #expect(value.pythonDescription == parts[1])
      #expect(try JSON(parsing: String(parts[1])) == .double(value))
    }
  }

  @Test func writesValuesInEveryStyle() throws {
    let document = try JSON(parsing: try fixture("values.json"))
    let cases = try #require(document["cases"]?.arrayValue)
    #expect(cases.count > 60)
    var sortedASCII = JSONStyle.python
    sortedASCII.escapeNonASCII = true
    sortedASCII.sortKeys = true
    for testCase in cases {
      let value = try JSON(parsing: try #require(testCase["text"]?.stringValue))
      #expect(value.serialized() == testCase["compact"]?.stringValue)
      #expect(value.serialized(.python) == testCase["python"]?.stringValue)
      #expect(value.serialized(.indented(2)) == testCase["indented"]?.stringValue)
      #expect(value.serialized(sortedASCII) == testCase["sortedASCII"]?.stringValue)
      var bytes: [UInt8] = Array("prefix".utf8)
      value.append(to: &bytes)
      #expect(String(decoding: bytes, as: UTF8.self) == "prefix" + value.serialized())
      #expect(try JSON(parsing: value.serialized()) == value)
    }
  }
}
