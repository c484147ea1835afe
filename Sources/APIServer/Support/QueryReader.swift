import Foundation

/// Reads the parameters of a request target's query.
struct QueryReader {
  private let items: [URLQueryItem]

  init(_ query: String?) {
    var components = URLComponents()
    components.percentEncodedQuery = query.flatMap { $0.removingPercentEncoding == nil ? nil : $0 }
    items = components.queryItems ?? []
  }

  /// The first value of a parameter.
  subscript(name: String) -> String? { items.first { $0.name == name }?.value }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
    guard let text = self[name] else { return nil }
    guard let value = Int(text), range.contains(value) else { throw .outside(range, name) }
    return value
  }

  func choice(_ name: String, among choices: [String]) throws(APIError) -> String? {
    guard let text = self[name] else { return nil }
    guard choices.contains(text) else { throw .notAmong(choices, name, found: text) }
    return text
  }
}
