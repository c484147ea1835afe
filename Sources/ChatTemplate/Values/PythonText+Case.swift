/// Python's changes of case: Unicode's full mappings, scalar by scalar, and the final sigma.
extension String {
  var pythonUppercased: String {
    if isASCII { return String(decoding: utf8.map { $0 &- 0x61 < 26 ? $0 - 0x20 : $0 }, as: UTF8.self) }
    return unicodeScalars.reduce(into: "") { $0 += $1.properties.uppercaseMapping }
  }

  var pythonLowercased: String {
    if isASCII { return String(decoding: utf8.map { $0 &- 0x41 < 26 ? $0 + 0x20 : $0 }, as: UTF8.self) }
    let scalars = Array(unicodeScalars)
    return scalars.indices.reduce(into: "") { $0 += Self.lowercase(scalars, at: $1) }
  }

  /// The first scalar in title case, the others in lower case.
  var pythonCapitalized: String {
    let scalars = Array(unicodeScalars)
    return scalars.indices.reduce(into: "") {
      $0 += $1 == 0 ? scalars[0].properties.titlecaseMapping : Self.lowercase(scalars, at: $1)
    }
  }

  /// Every scalar after an uncased one in title case, the others in lower case: the method `title`.
  var pythonTitlecased: String {
    let scalars = Array(unicodeScalars)
    var result = ""
    var followsCased = false
    for index in scalars.indices {
      let scalar = scalars[index]
      result += followsCased ? Self.lowercase(scalars, at: index) : scalar.properties.titlecaseMapping
      followsCased = scalar.properties.isCased
    }
    return result
  }

  private var isASCII: Bool { utf8.allSatisfy { $0 < 0x80 } }

  /// Greek sigma is lowered to its final form at the end of a word (Unicode 3.13, Final_Sigma).
  private static func lowercase(_ scalars: [UnicodeScalar], at index: Int) -> String {
    guard scalars[index] == "\u{3A3}" else { return scalars[index].properties.lowercaseMapping }
    let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
    let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    let isFinal = before?.properties.isCased == true && after?.properties.isCased != true
    return isFinal ? "\u{3C2}" : "\u{3C3}"
  }
}
