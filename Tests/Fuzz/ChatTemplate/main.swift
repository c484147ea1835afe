import ChatTemplate
import Foundation
import FuzzSupport
import JSON

/// Few steps, so that an endless template costs little; enough for everything else to be reached.
let limits = TemplateLimits(
  maximumSteps: 20_000, maximumCallDepth: 16, maximumTextBytes: 1 << 16, maximumElements: 1 << 10)

/// The input is a template, rendered with a small conversation. What precedes a zero byte, if one is there, is a
/// JSON object with more variables.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  var source = input[...]
  var variables = conversation
  if let separator = input.firstIndex(of: 0) {
    source = input[(separator + 1)...]
    if case .object(let more)? = try? JSON(parsing: input[..<separator]) {
      for (key, value) in more { variables[key] = value }
    }
  }
  guard let template = try? ChatTemplate(source: String(decoding: source, as: UTF8.self)) else { return 0 }
  _ = template.referencedVariables
  let first = try? template.render(variables, limits: limits, now: Date(timeIntervalSince1970: 0))
  let second = try? template.render(variables, limits: limits, now: Date(timeIntervalSince1970: 0))
  guard first == second else { fatalError("two renderings differ") }
  return 0
}

let conversation: JSONObject = [
  "messages": [
    ["role": "system", "content": "Be brief."], ["role": "user", "content": [["type": "text", "text": "é😀"]]],
    ["role": "assistant", "content": nil, "tool_calls": [["function": ["name": "f", "arguments": ["x": 1.5]]]]],
  ],
  "tools": [["type": "function", "function": ["name": "f", "parameters": ["type": "object", "properties": [:]]]]],
  "add_generation_prompt": true, "s": "Hello World", "n": -7, "f": 2.5, "l": [3, 1, 2], "d": ["b": 1, "a": nil],
]

runFuzzer()
