import FuzzSupport
import Workload

/// A trace that is read must survive being written and read again, and give sums that do not overflow.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  guard let trace = try? TraceFile.parse(input) else { return 0 }
  guard let again = try? TraceFile.parse(Array(TraceFile.text(trace).utf8)),
    again.requestCount == trace.requestCount, again.longestSequence == trace.longestSequence
  else { fatalError("not read back: \(TraceFile.text(trace))") }
  return 0
}

runFuzzer()
