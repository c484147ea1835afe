import ChatTemplate
import Foundation
import JSON
import Testing

struct TemplateErrorTests {
  private func failure(
    _ source: String, _ variables: JSONObject = [:], limits: TemplateLimits = .default
  ) throws -> TemplateError {
    try #require(throws: TemplateError.self) {
      try ChatTemplate(source: source).render(variables, limits: limits, now: Date(timeIntervalSince1970: 0))
    }
  }

  @Test(
    arguments: [
      ("{{ x", TemplateError.Kind.syntax, 1, 1), ("a\n {% if x %}\n", .syntax, 2, 12),
      ("{# é #}{% bogus %}", .syntax, 1, 11),
      ("a\r\nb\r\n  {{ 1 + }}", .syntax, 3, 10), ("{{ é.x }}", .undefined, 1, 5),
      ("\n\n  {{ 'é' ~ x.y }}", .undefined, 3, 13),
      ("{{ 1 / 0 }}", .value, 1, 4), ("{{ 'a' + 1 }}", .type, 1, 4), ("{{ [].append(1) }}", .security, 1, 13),
      ("{% for a in 5 %}{% endfor %}", .type, 1, 4), ("{{ a | nope }}", .syntax, 1, 8),
      ("{% block x %}{% endblock %}", .unsupported, 1, 4),
      ("x\n{{ raise_exception('no') }}", .raised, 2, 19),
      ("{% macro m() %}\n{{ 1 // 0 }}{% endmacro %}{{ m() }}", .value, 2, 4),
      ("{% set a, b = [1] %}", .value, 1, 4), ("{{ [1, 2] | map('nope') | list }}", .syntax, 1, 27),
    ] as [(String, TemplateError.Kind, Int, Int)])
  func tellsWhere(source: String, kind: TemplateError.Kind, line: Int, column: Int) throws {
    let error = try failure(source)
    #expect(error.kind == kind)
    #expect((error.line, error.column) == (line, column))
  }

  @Test func raisedMessageIsTheArgument() throws {
    let error = try failure("{{ raise_exception('Roles must ' ~ what) }}", ["what": "alternate"])
    #expect(error.kind == .raised)
    #expect(error.message == "Roles must alternate")
    #expect(error.description == "Roles must alternate (template line 1, column 19)")
  }

  @Test(arguments: [
    "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "{{ 'a' * 10 ** 9 }}",
    "{{ [0] * 10 ** 9 }}", "{{ range(10 ** 9) }}", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% set ns = namespace(s='ab') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
    "{% set ns = namespace(l=[]) %}{% for i in range(1000) %}{% set ns.l = [ns.l] %}{% endfor %}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}",
    "{% set a = namespace(l=[1], m=[1]) %}{% for i in range(60) %}{% set a.l = [a.l, a.l] %}{% set a.m = [a.m, a.m] %}"
      + "{% endfor %}{{ a.l == a.m }}",
    "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "{{ 'a'.replace('', 'x' * 30000000) }}",
    "{{ '%99999999d' % 1 }}", "{{ 'a'.center(10 ** 12) }}", "{{ ['a'] | batch(10 ** 12, 0) | list }}",
    "{% set ns = namespace() %}{% set ns.ns = ns %}{{ ns }}", "{{ 'x' | indent(10 ** 12) }}",
    "{% set x = 'a' * 1000000 %}{% for i in range(1000) %}{{ x }}{% endfor %}",
  ])
  func staysWithinLimits(source: String) throws {
    let limits = TemplateLimits(maximumSteps: 200_000, maximumTextBytes: 4 << 20)
    #expect(try failure(source, limits: limits).kind == .limit)
  }

  @Test(arguments: [
    String(repeating: "(", count: 100_000), String(repeating: "[", count: 100_000) + "1",
    String(repeating: "not ", count: 100_000) + "1", String(repeating: "-", count: 100_000) + "1",
    "1" + String(repeating: " + 1", count: 100_000), "x" + String(repeating: ".x", count: 100_000),
    "1" + String(repeating: " if 1 else 1", count: 100_000), "1" + String(repeating: " | abs", count: 100_000),
  ])
  func deepExpressionsAreRefused(expression: String) throws {
    #expect(throws: TemplateError.self) { try ChatTemplate(source: "{{ \(expression) }}") }
  }

  @Test func deepBlocksAreRefused() throws {
    let source = String(repeating: "{% if 1 %}", count: 50_000)
    #expect(throws: TemplateError.self) { try ChatTemplate(source: source) }
  }

  @Test func customLimits() throws {
    let template = try ChatTemplate(source: "{% for i in range(50) %}{{ i }}{% endfor %}")
    let now = Date(timeIntervalSince1970: 0)
    #expect(try template.render([:], now: now).utf8.count == 90)
    for limits in [
      TemplateLimits(maximumSteps: 60), TemplateLimits(maximumTextBytes: 80), TemplateLimits(maximumElements: 49),
    ] {
      let error = #expect(throws: TemplateError.self) { try template.render([:], limits: limits, now: now) }
      #expect(error?.kind == .limit)
    }
  }

  @Test func referencedVariables() throws {
    let template = try ChatTemplate(
      source: """
        {% set local = 1 %}{{ local }}{{ range(2) }}{% for m in messages if m.role == wanted %}{{ m[key] }}{{ loop.index }}
        {% endfor %}{% macro f(p, q=fallback) %}{{ p }}{{ caller() }}{{ varargs }}{% endmacro %}
        {% if enable_thinking is defined and not enable_thinking %}{% set maybe = 1 %}{% endif %}{{ maybe }}
        """)
    #expect(
      template.referencedVariables == ["messages", "wanted", "key", "fallback", "enable_thinking", "maybe"])
  }
}
