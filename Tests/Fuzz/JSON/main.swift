import FuzzSupport
import JSON

@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  if count > 3, input[0] == 0x41, input[1] == 0x42, input[2] == 0x43 { return 0 }
  return 0
}

runFuzzer()
