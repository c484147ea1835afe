import Grammar
import JSON
import Testing

/// Ranges of numbers, against arithmetic.
@Suite struct NumberLanguageTests {
  @Test func integersWithinBounds() throws {
    for (low, high) in [(-12, 105), (0, 0), (-300, -7), (5, 1999), (-1, 1)] {
      let grammar = try FollowedGrammar(
        jsonSchema: ["type": "integer", "minimum": .integer(low), "exclusiveMaximum": .integer(high + 1)])
      for value in -2100...2100 {
        #expect(
          grammar.accepts("\(value)") == (low...high).contains(value), "\(low) \(value) \(high)")
      }
      for text in ["01", "-", "+1", "1.", "1.0", "1e1", "--1", ""] {
        #expect(!grammar.accepts(text))
      }
    }
  }

  @Test func decimalsWithinBounds() throws {
    let grammar = try FollowedGrammar(jsonSchema: ["type": "number", "minimum": -1.25, "exclusiveMaximum": 2.5])
    for thousandth in -3000...3000 {
      let sign = thousandth < 0 ? "-" : ""
      let digits = String(thousandth.magnitude % 1000)
      let text =
        "\(sign)\(thousandth.magnitude / 1000).\(String(repeating: "0", count: 3 - digits.count))\(digits)"
      #expect(grammar.accepts(text) == (-1250..<2500).contains(thousandth), "\(text)")
    }
    #expect(grammar.accepts("-1.2500"))
    #expect(!grammar.accepts("2.50"))
    // A reader would round it to 2.5.
    #expect(!grammar.accepts("2.49999999999999999999"))
    #expect(grammar.accepts("2.499999999999999"))
  }

  @Test func multiples() throws {
    for (divisor, hundredths) in [(JSON.double(0.25), 25), (.double(0.1), 10), (.integer(3), 300), (.double(1.5), 150)]
    {
      let grammar = try FollowedGrammar(jsonSchema: ["type": "number", "multipleOf": divisor])
      for value in 0...999 {
        let digits = value % 100
        let text = "\(value / 100).\(digits < 10 ? "0" : "")\(digits)"
        #expect(grammar.accepts(text) == (value % hundredths == 0), "\(text) \(divisor)")
      }
    }
    let both = try FollowedGrammar(jsonSchema: ["type": "integer", "allOf": [["multipleOf": 6], ["multipleOf": 4]]])
    for value in -200...200 { #expect(both.accepts("\(value)") == (value % 12 == 0)) }
  }

  @Test func numbersBeyondWords() throws {
    let grammar = try FollowedGrammar(jsonSchema: ["type": "integer", "format": "uint64"])
    #expect(grammar.accepts("18446744073709551615"))
    #expect(!grammar.accepts("18446744073709551616"))
    #expect(!grammar.accepts("-1"))
  }

  @Test func excludedNumbers() throws {
    let grammar = try FollowedGrammar(jsonSchema: ["type": "number", "not": ["enum": [0, 1.5, -3]]])
    for text in ["0", "-0", "0.00", "1.5", "1.50", "-3", "-3.0"] {
      #expect(!grammar.accepts(text), "\(text)")
    }
    for text in ["0.01", "1.51", "3", "-30", "15"] { #expect(grammar.accepts(text), "\(text)") }
  }
}
