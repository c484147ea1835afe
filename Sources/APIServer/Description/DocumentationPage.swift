import HTTPTypes
import JSON

/// The API's description for people: one page without scripts, from the same endpoints as `OpenAPIDocument`.
struct DocumentationPage {
  let endpoints: [Endpoint]

  /// The page may load nothing and be framed by nobody.
  static let headerFields: HTTPFields = [
    .contentType: "text/html; charset=utf-8",
    .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
      + "frame-ancestors 'none'",
    .literal("Referrer-Policy"): "no-referrer",
  ]

  var html: String {
    let list = endpoints.map {
      "<li><a href=\"#\(Self.anchor($0))\">\(Self.title($0))</a>: \(Self.escaped($0.summary))"
    }
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>Apus: the API</title>
      <meta name="viewport" content="width=device-width">
      <style>
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
      table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top; padding: .3rem .6rem;
      border-bottom: 1px solid #8884 } code { font-size: 90% } pre { white-space: pre-wrap } h2 { margin-top: 3rem } .needed { font-weight: bold }
      </style></head><body>
      <h1>Apus: the API</h1>
      <p>For programs: <a href="/openapi.json">openapi.json</a>. A field the server does not know is reported in the header
      <code>x-apus-ignored-fields</code>; one it cannot act on is refused with a 400 that names it.</p>
      <ul>
      \(list.joined(separator: "\n"))
      </ul>
      \(endpoints.map(section).joined(separator: "\n"))
      </body></html>

      """
  }

  private func section(_ endpoint: Endpoint) -> String {
    var html = "<h2 id=\"\(Self.anchor(endpoint))\">\(Self.title(endpoint))</h2>\n<p>\(Self.escaped(endpoint.summary))"
    if endpoint.isStreamable { html += " With <code>stream</code>: as server-sent events." }
    html += "</p>\n"
    if !endpoint.parameters.isEmpty {
      html += table(endpoint.parameters.map { Field.optional($0.name, $0.type, $0.note) }, title: "Query")
    }
    if let body = endpoint.body { html += table(body.fields, title: "Body") }
    if let example = endpoint.example {
      html += "<p>For example:</p>\n<pre><code>\(Self.escaped(example.serialized()))</code></pre>\n"
    }
    return html
  }

  private func table(_ fields: [Field], title: String) -> String {
    let rows = fields.map { field in
      """
      <tr><td\(field.isRequired ? " class=\"needed\"" : "")><code>\(Self.escaped(field.name))</code>\
      <td>\(field.effect == .refused ? "" : Self.escaped(field.type.words))<td>\(Self.escaped(field.description))</tr>
      """
    }
    return """
      <table><thead><tr><th>\(title) (required: bold)<th>Type<th></tr></thead>
      \(rows.joined(separator: "\n"))
      </table>

      """
  }

  private static func title(_ endpoint: Endpoint) -> String {
    "<code>\(endpoint.method.rawValue) \(escaped(endpoint.describedPath))</code>"
  }

  private static func anchor(_ endpoint: Endpoint) -> String {
    let text = endpoint.method.rawValue.lowercased() + endpoint.describedPath
    return String(text.map { $0.isLetter || $0.isNumber ? $0 : "-" })
  }

  private static func escaped(_ text: String) -> String {
    var escaped: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "&"): escaped += Array("&amp;".utf8)
      case UInt8(ascii: "<"): escaped += Array("&lt;".utf8)
      case UInt8(ascii: ">"): escaped += Array("&gt;".utf8)
      case UInt8(ascii: "\""): escaped += Array("&quot;".utf8)
      default: escaped.append(byte)
      }
    }
    return String(decoding: escaped, as: UTF8.self)
  }
}
