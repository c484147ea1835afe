/// The characters of each general category.
enum UnicodeCategories {
  /// The set of a category or group by its short name, such as `Lu` or `L`, or by a long one; nil if there is none.
  static func set(named name: String) -> ScalarSet? {
    let short = longNames[name] ?? name
    let members = sets.filter { $0.key.hasPrefix(short) && (short.count == 1 || $0.key == short) }
    guard !short.isEmpty, !members.isEmpty else { return nil }
    return ScalarSet(members.values.flatMap(\.ranges))
  }

  private static let longNames = [
    "Letter": "L", "Lowercase_Letter": "Ll", "Uppercase_Letter": "Lu", "Titlecase_Letter": "Lt", "Mark": "M",
    "Number": "N", "Decimal_Number": "Nd", "Punctuation": "P", "Symbol": "S", "Separator": "Z",
    "Space_Separator": "Zs", "Other": "C", "Control": "Cc", "Currency_Symbol": "Sc", "Math_Symbol": "Sm",
  ]

  /// By two-letter name, from one pass over all scalars.
  private static let sets: [String: ScalarSet] = {
    var ranges: [String: [ClosedRange<UInt32>]] = [:]
    var run: (name: String, start: UInt32)?
    // One past the last scalar, to end the last run.
    for value in 0...UInt32(0x110000) {
      let name = Unicode.Scalar(value).map { shortName($0.properties.generalCategory) }
      guard name != run?.name else { continue }
      if let run { ranges[run.name, default: []].append(run.start...(value - 1)) }
      run = name.map { ($0, value) }
    }
    return ranges.mapValues { ScalarSet($0) }
  }()

  private static func shortName(_ category: Unicode.GeneralCategory) -> String {
    switch category {
    case .uppercaseLetter: "Lu"
    case .lowercaseLetter: "Ll"
    case .titlecaseLetter: "Lt"
    case .modifierLetter: "Lm"
    case .otherLetter: "Lo"
    case .nonspacingMark: "Mn"
    case .spacingMark: "Mc"
    case .enclosingMark: "Me"
    case .decimalNumber: "Nd"
    case .letterNumber: "Nl"
    case .otherNumber: "No"
    case .connectorPunctuation: "Pc"
    case .dashPunctuation: "Pd"
    case .openPunctuation: "Ps"
    case .closePunctuation: "Pe"
    case .initialPunctuation: "Pi"
    case .finalPunctuation: "Pf"
    case .otherPunctuation: "Po"
    case .mathSymbol: "Sm"
    case .currencySymbol: "Sc"
    case .modifierSymbol: "Sk"
    case .otherSymbol: "So"
    case .spaceSeparator: "Zs"
    case .lineSeparator: "Zl"
    case .paragraphSeparator: "Zp"
    case .control: "Cc"
    case .format: "Cf"
    case .surrogate: "Cs"
    case .privateUse: "Co"
    case .unassigned: "Cn"
    @unknown default: "Cn"
    }
  }
}
