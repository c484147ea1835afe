/// The formats of JSON Schema that are regular, as regular expressions over a string's whole content.
enum StringFormats {
  /// The regular expression of each format, by name.
  static let patterns: [String: String] = [
    "date": date,
    "time": time,
    "date-time": "(\(date))[Tt](\(time))",
    "duration": duration,
    "email": "(\(localPart)|\(quotedLocalPart))@(\(labels)|\\[(\(ipv4)|IPv6:(\(ipv6)))\\])",
    "idn-email":
      "(\(internationalLocalPart)|\(quotedLocalPart))@(\(internationalLabels)|\\[(\(ipv4)|IPv6:(\(ipv6)))\\])",
    "hostname": labels,
    "ipv4": ipv4,
    "ipv6": ipv6,
    "uuid": "\(hex){8}-\(hex){4}-\(hex){4}-\(hex){4}-\(hex){12}",
    "uri": uriSyntax.absolute,
    "uri-reference": uriSyntax.reference,
    "iri": iriSyntax.absolute,
    "iri-reference": iriSyntax.reference,
    "uri-template": uriTemplate,
    "json-pointer": pointer,
    "relative-json-pointer": "(0|[1-9][0-9]*)(#|\(pointer))",
    "byte": "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
  ]

  /// The longest text of a format in characters, where there is one (RFC 1035, section 2.3.4, less the length octets).
  static let longest = ["hostname": 253]

  /// Formats that say how a value is meant, and nothing about which are valid.
  static let annotations: Set<String> = ["float", "double", "decimal", "password", "binary"]

  /// The bounds that OpenAPI's and schemars' integer formats stand for.
  static let integerRanges: [String: (lowest: ExactDecimal, highest: ExactDecimal)] = {
    var ranges: [String: (lowest: ExactDecimal, highest: ExactDecimal)] = [:]
    func decimal(_ digits: String, isNegative: Bool = false) -> ExactDecimal {
      ExactDecimal(isNegative: isNegative, digits: digits.utf8.map { $0 - UInt8(ascii: "0") }, exponent: 0)
    }
    func add(_ name: String, _ lowest: some BinaryInteger, _ highest: some BinaryInteger) {
      ranges[name] = (decimal("\(lowest.magnitude)", isNegative: lowest < 0), decimal("\(highest)"))
    }
    add("int8", Int8.min, Int8.max)
    add("int16", Int16.min, Int16.max)
    add("int32", Int32.min, Int32.max)
    add("int64", Int64.min, Int64.max)
    add("uint8", UInt8.min, UInt8.max)
    add("uint16", UInt16.min, UInt16.max)
    add("uint32", UInt32.min, UInt32.max)
    add("uint64", UInt64.min, UInt64.max)
    add("uint", UInt64.min, UInt64.max)
    return ranges
  }()

  private static let hex = "[0-9A-Fa-f]"

  // MARK: - Dates and times (RFC 3339)

  /// Years 0001 to 9999, months with their lengths, February by the Gregorian rule.
  private static let date: String = {
    let year = "([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
    let leapInCentury = "(0[48]|[2468][048]|[13579][26])"
    let leapYear = "([0-9]{2}\(leapInCentury)|(0[48]|[2468][048]|[13579][26])00)"
    return "\(year)-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
      + "|02-(0[1-9]|1[0-9]|2[0-8]))|\(leapYear)-02-29"
  }()

  private static let time =
    "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"

  /// Appendix A.
  private static let duration: String = {
    let days = "[0-9]+D"
    let months = "[0-9]+M(\(days))?"
    let dates = "(\(days)|\(months)|[0-9]+Y(\(months))?)"
    let seconds = "[0-9]+S"
    let minutes = "[0-9]+M(\(seconds))?"
    let times = "T([0-9]+H(\(minutes))?|\(minutes)|\(seconds))"
    return "P([0-9]+W|\(dates)(\(times))?|\(times))"
  }()

  // MARK: - Hosts and mail (RFC 1123, RFC 5321)

  private static let labels: String = {
    let label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    return "\(label)(\\.\(label))*"
  }()

  private static let internationalLabels: String = {
    let label = "[A-Za-z0-9\\u0080-\\uFFEF]([A-Za-z0-9\\u0080-\\uFFEF-]{0,61}[A-Za-z0-9\\u0080-\\uFFEF])?"
    return "\(label)(\\.\(label))*"
  }()

  private static let localPart: String = {
    let atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
    return "\(atom)(\\.\(atom))*"
  }()

  private static let internationalLocalPart: String = {
    let atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u0080-\\uFFEF-]+"
    return "\(atom)(\\.\(atom))*"
  }()

  private static let quotedLocalPart = "\"([ !#-\\[\\]-~]|\\\\[ -~])*\""

  private static let ipv4: String = {
    let octet = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
    return "\(octet)(\\.\(octet)){3}"
  }()

  /// RFC 3986, `IPv6address`.
  private static let ipv6: String = {
    let group = "\(hex){1,4}"
    let last = "(\(group):\(group)|\(ipv4))"
    var ways = ["(\(group):){6}\(last)", "::(\(group):){5}\(last)"]
    for before in 0...4 {
      let left = "(\(group)(:\(group)){0,\(before)})?"
      let count = 4 - before
      ways.append("\(left)::\(count > 0 ? "(\(group):){\(count)}" : "")\(last)")
    }
    ways += ["(\(group)(:\(group)){0,5})?::\(group)", "(\(group)(:\(group)){0,6})?::"]
    return ways.joined(separator: "|")
  }()

  // MARK: - URIs (RFC 3986, RFC 3987, RFC 6570)

  private static let uriSyntax = URISyntax(extra: "", extraInQuery: "")
  private static let iriSyntax = URISyntax(
    extra: "\\u00A0-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFEF", extraInQuery: "\\uE000-\\uF8FF")

  private struct URISyntax {
    let absolute: String
    let reference: String

    /// `extra` are the characters that IRIs have beyond URIs, as a part of a class.
    init(extra: String, extraInQuery: String) {
      let escape = "%\(hex){2}"
      let unreserved = "A-Za-z0-9._~\(extra)"
      let delimiters = "!$&'()*+,;="
      let segmentCharacter = "([\(unreserved)\(delimiters):@-]|\(escape))"
      let firstSegment = "([\(unreserved)\(delimiters)@-]|\(escape))+"  // Without a colon.
      let segments = "(/\(segmentCharacter)*)*"
      let literal = "\\[(\(ipv6)|[Vv]\(hex)+\\.[A-Za-z0-9._~\(delimiters):-]+)\\]"
      let authority =
        "(([\(unreserved)\(delimiters):-]|\(escape))*@)?(\(literal)|([\(unreserved)\(delimiters)-]|\(escape))*)(:[0-9]*)?"
      let absolutePath = "/(\(segmentCharacter)+\(segments))?"
      let query = "(\\?([\(unreserved)\(delimiters)\(extraInQuery):@/?-]|\(escape))*)?"
      let fragment = "(#([\(unreserved)\(delimiters):@/?-]|\(escape))*)?"
      absolute =
        "[A-Za-z][A-Za-z0-9+.-]*:(//\(authority)\(segments)|\(absolutePath)|\(segmentCharacter)+\(segments)|)"
        + query + fragment
      let relative = "(//\(authority)\(segments)|\(absolutePath)|\(firstSegment)\(segments)|)" + query + fragment
      reference = "\(absolute)|\(relative)"
    }
  }

  private static let uriTemplate: String = {
    let escape = "%\(hex){2}"
    let literal = "[!#$&(-;=?-\\[\\]_a-z~\\u00A0-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFEF]"
    let character = "([A-Za-z0-9_]|\(escape))"
    let variable = "\(character)(\\.?\(character))*(:[1-9][0-9]{0,3}|\\*)?"
    return "(\(literal)|\(escape)|\\{[+#./;?&]?\(variable)(,\(variable))*\\})*"
  }()

  private static let pointer = "(/([^~/]|~[01])*)*"
}
