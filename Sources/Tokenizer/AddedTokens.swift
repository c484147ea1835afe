/// A token that is found in text as it stands, before words are split and merged.
struct AddedToken: Sendable {
  let id: Int32
  let content: String
  /// Matches only where no word character stands beside it.
  let isSingleWord: Bool
  /// Takes the white space before it along.
  let stripsLeft: Bool
  /// Takes the white space behind it along.
  let stripsRight: Bool
  /// Looked for in normalised text rather than in the text as given.
  let isNormalized: Bool
  /// Control text, not to be shown, and not to be read from untrusted text.
  let isSpecial: Bool
}

/// Finds added tokens in text: the leftmost first, of those the longest, as `tokenizers` does.
struct AddedTokenMatcher: Sendable {
  /// A part of a text, and the added token it is, if any.
  struct Segment: Equatable {
    let range: Range<Int>
    let token: Int32?
  }

  private let tokens: [AddedToken]
  /// Edges of a trie: node in the upper bits, byte in the lower eight; the root is node 0.
  private var edges: [Int: Int] = [:]
  /// By node, the index of the token that ends there.
  private var ends: [Int?] = [nil]
  /// Which bytes a token may start with.
  private var isStart = [Bool](repeating: false, count: 256)
  private let classes: ScalarClasses

  /// - Parameter tokens: each with the text to look for; of equal texts the first counts, empty ones match nowhere.
  init(_ tokens: [(token: AddedToken, text: [UInt8])], classes: ScalarClasses) {
    self.tokens = tokens.map(\.token)
    self.classes = classes
    for (index, (_, text)) in tokens.enumerated() where !text.isEmpty {
      isStart[Int(text[0])] = true
      var node = 0
      for byte in text {
        let edge = node << 8 | Int(byte)
        if let next = edges[edge] {
          node = next
        } else {
          node = ends.count
          ends.append(nil)
          edges[edge] = node
        }
      }
      ends[node] = ends[node] ?? index
    }
  }

  /// Cuts `text` into added tokens and what lies between them.
  ///
  /// - Parameter parsingSpecialTokens: where false, the text of a special token is left in the segment around it.
  func segments(of text: Span<UInt8>, parsingSpecialTokens: Bool) -> [Segment] {
    var segments: [Segment] = []
    var consumed = 0
    var index = 0
    while let (match, token) = nextMatch(in: text, from: index) {
      index = match.upperBound
      if token.isSpecial, !parsingSpecialTokens { continue }
      if token.isSingleWord, hasWordBeside(match, in: text) { continue }
      let start = token.stripsLeft ? max(startOfSpace(before: match.lowerBound, in: text), consumed) : match.lowerBound
      let end = token.stripsRight ? endOfSpace(from: match.upperBound, in: text) : match.upperBound
      if consumed < start { segments.append(Segment(range: consumed..<start, token: nil)) }
      segments.append(Segment(range: min(start, end)..<end, token: token.id))
      consumed = end
    }
    if consumed < text.count { segments.append(Segment(range: consumed..<text.count, token: nil)) }
    return segments
  }

  private func nextMatch(in text: Span<UInt8>, from start: Int) -> (Range<Int>, AddedToken)? {
    guard !edges.isEmpty else { return nil }
    var start = start
    while start < text.count {
      if isStart[Int(text[start])], let match = longestMatch(in: text, at: start) { return match }
      start += 1
    }
    return nil
  }

  private func longestMatch(in text: Span<UInt8>, at start: Int) -> (Range<Int>, AddedToken)? {
    var longest: (Range<Int>, AddedToken)?
    var node = 0
    var index = start
    while index < text.count, let next = edges[node << 8 | Int(text[index])] {
      node = next
      index += 1
      if let token = ends[node] { longest = (start..<index, tokens[token]) }
    }
    return longest
  }

  private func hasWordBeside(_ match: Range<Int>, in text: Span<UInt8>) -> Bool {
    if match.lowerBound > 0 {
      let before = text.scalar(at: text.startOfScalar(before: match.lowerBound))
      if classes[before.value].contains(.word) { return true }
    }
    return match.upperBound < text.count && classes[text.scalar(at: match.upperBound).value].contains(.word)
  }

  private func startOfSpace(before index: Int, in text: Span<UInt8>) -> Int {
    var start = index
    while start > 0 {
      let previous = text.startOfScalar(before: start)
      if !classes[text.scalar(at: previous).value].contains(.whitespace) { break }
      start = previous
    }
    return start
  }

  private func endOfSpace(from index: Int, in text: Span<UInt8>) -> Int {
    var end = index
    while end < text.count {
      let (scalar, length) = text.scalar(at: end)
      if !classes[scalar].contains(.whitespace) { break }
      end += length
    }
    return end
  }
}
