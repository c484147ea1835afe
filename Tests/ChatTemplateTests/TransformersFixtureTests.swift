import ChatTemplate
import Foundation
import JSON
import Testing

/// Compares with what transformers renders (fixtures by Tools/templates/make_fixtures.py).
struct TransformersFixtureTests {
  private func text(of name: String) throws -> String {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
    return try String(contentsOf: url, encoding: .utf8)
  }

  /// Renders the case and checks the text, or that it fails where transformers does.
  private func check(_ testCase: JSON, source: String, context: JSON?, now: Date, name: String) throws {
    let variables = try #require(context?.objectValue)
    do {
      let output = try ChatTemplate(source: source).render(variables, now: now)
      let expected = testCase["expected"]?.stringValue
      #expect(expected.map { Array($0.utf8) } == Array(output.utf8), "\(name): \(output.debugDescription)")
    } catch {
      let fails = testCase["error"] == true || testCase["unsupported"] == true
      #expect(fails, "\(name): \(error)")
      #expect(error.line > 0 && error.column > 0)
      #expect(testCase["unsupported"] != true || error.kind == .unsupported, "\(name): \(error)")
    }
  }

  @Test func smallTemplates() throws {
    let document = try JSON(parsing: try text(of: "constructs.json"))
    let now = Date(timeIntervalSince1970: try #require(document["now"]?.doubleValue))
    let cases = try #require(document["cases"]?.arrayValue)
    #expect(cases.count > 500)
    for testCase in cases {
      let source = try #require(testCase["source"]?.stringValue)
      try check(
        testCase, source: source, context: testCase["context"] ?? document["context"], now: now,
        name: "\(testCase["subject"]?.stringValue ?? "") \(source.debugDescription)")
    }
  }

  @Test func conversations() throws {
    let document = try JSON(parsing: try text(of: "conversations.json"))
    let now = Date(timeIntervalSince1970: try #require(document["now"]?.doubleValue))
    let cases = try #require(document["cases"]?.arrayValue)
    #expect(cases.count > 100)
    for testCase in cases {
      let template = try #require(testCase["template"]?.stringValue)
      let context = try #require(testCase["context"]?.stringValue)
      try check(
        testCase, source: try text(of: "templates/\(template)"), context: document["contexts"]?[context], now: now,
        name: "\(template) with \(context)")
    }
  }
}
