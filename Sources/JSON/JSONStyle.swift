/// How a value is laid out as text.
public struct JSONStyle: Sendable, Hashable {
  /// Stands between elements or members, before the line break where `indent` is set.
  public var itemSeparator: String
  /// Stands between a key and its value.
  public var keySeparator: String
  /// One level's indentation; nil keeps everything on one line.
  public var indent: String?
  /// Writes everything beyond printable ASCII as `\u` escapes (Python's `ensure_ascii`).
  public var escapeNonASCII: Bool
  /// Writes members in the order of their keys' code points instead of their own.
  public var sortKeys: Bool

  /// A style with the given parts; the default separators are those of `compact`.
  public init(
    itemSeparator: String = ",", keySeparator: String = ":", indent: String? = nil,
    escapeNonASCII: Bool = false, sortKeys: Bool = false
  ) {
    self.itemSeparator = itemSeparator
    self.keySeparator = keySeparator
    self.indent = indent
    self.escapeNonASCII = escapeNonASCII
    self.sortKeys = sortKeys
  }

  /// No white space at all.
  public static let compact = JSONStyle()

  /// `", "` and `": "`, as Python's `json.dumps(value, ensure_ascii=False)` writes.
  public static let python = JSONStyle(itemSeparator: ", ", keySeparator: ": ")

  /// A line for every element, indented by `width` spaces a level, as Python's `json.dumps(value, indent=width)`.
  public static func indented(_ width: Int) -> JSONStyle {
    JSONStyle(keySeparator: ": ", indent: String(repeating: " ", count: max(0, width)))
  }
}
