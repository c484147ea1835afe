import FuzzSupport
import JSON

/// Whatever parses must survive being written in any style and read again.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  guard let value = try? JSON(parsing: input) else { return 0 }
  let styles = [
    JSONStyle.compact, .python, .indented(2), JSONStyle(escapeNonASCII: true), JSONStyle(sortKeys: true),
  ]
  for style in styles {
    guard let again = try? JSON(parsing: value.serialized(style)), again == value else {
      fatalError("not read back: \(value.serialized(style))")
    }
  }
  return 0
}

runFuzzer()
