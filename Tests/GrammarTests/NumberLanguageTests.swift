import Grammar
import JSON
import Testing

/// Ranges of numbers, against arithmetic.
@Suite struct NumberLanguageTests {
  @Test func integersWithinBounds() throws {
    for (low, high) in [(-12, 105), (0, 0), (-300, -7), (5, 1999), (-1, 1)] {
      let grammar = try GrammarDefinition(
        jsonSchema: ["type": "integer", "minimum": .integer(low), "exclusiveMaximum": .integer(high + 1)])
      for value in -2100...2100 {
        #expect(
          ReferenceMatcher.accepts("\(value)", grammar) == (low...high).contains(value), "\(low) \(value) \(high)")
      }
      for text in ["01", "-", "+1", "1.", "1.0", "1e1", "--1", ""] {
        #expect(!ReferenceMatcher.accepts(text, grammar))
      }
    }
  }

  @Test func decimalsWithinBounds() throws {
    let grammar = try GrammarDefinition(jsonSchema: ["type": "number", "minimum": -1.25, "exclusiveMaximum": 2.5])
    for thousandth in -3000...3000 {
      let sign = thousandth < 0 ? "-" : ""
      let digits = String(thousandth.magnitude % 1000)
      let text =
        "\(sign)\(thousandth.magnitude / 1000).\(String(repeating: "0", count: 3 - digits.count))\(digits)"
      #expect(ReferenceMatcher.accepts(text, grammar) == (-1250..<2500).contains(thousandth), "\(text)")
    }
    #expect(ReferenceMatcher.accepts("-1.2500", grammar))
    #expect(!ReferenceMatcher.accepts("2.50", grammar))
    // A reader would round it to 2.5.
    #expect(!ReferenceMatcher.accepts("2.49999999999999999999", grammar))
    #expect(ReferenceMatcher.accepts("2.499999999999999", grammar))
  }

  @Test func multiples() throws {
    for (divisor, hundredths) in [(JSON.double(0.25), 25), (.double(0.1), 10), (.integer(3), 300), (.double(1.5), 150)]
    {
      let grammar = try GrammarDefinition(jsonSchema: ["type": "number", "multipleOf": divisor])
      for value in 0...999 {
        let digits = value % 100
        let text = "\(value / 100).\(digits < 10 ? "0" : "")\(digits)"
        #expect(ReferenceMatcher.accepts(text, grammar) == (value % hundredths == 0), "\(text) \(divisor)")
      }
    }
    let both = try GrammarDefinition(jsonSchema: ["type": "integer", "allOf": [["multipleOf": 6], ["multipleOf": 4]]])
    for value in -200...200 { #expect(ReferenceMatcher.accepts("\(value)", both) == (value % 12 == 0)) }
  }

  @Test func numbersBeyondWords() throws {
    let grammar = try GrammarDefinition(jsonSchema: ["type": "integer", "format": "uint64"])
    #expect(ReferenceMatcher.accepts("18446744073709551615", grammar))
    #expect(!ReferenceMatcher.accepts("18446744073709551616", grammar))
    #expect(!ReferenceMatcher.accepts("-1", grammar))
  }

  @Test func excludedNumbers() throws {
    let grammar = try GrammarDefinition(jsonSchema: ["type": "number", "not": ["enum": [0, 1.5, -3]]])
    for text in ["0", "-0", "0.00", "1.5", "1.50", "-3", "-3.0"] {
      #expect(!ReferenceMatcher.accepts(text, grammar), "\(text)")
    }
    for text in ["0.01", "1.51", "3", "-30", "15"] { #expect(ReferenceMatcher.accepts(text, grammar), "\(text)") }
  }
}
