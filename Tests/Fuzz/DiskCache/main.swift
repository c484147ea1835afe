import FuzzSupport

@testable import DiskCache

/// What is accepted as a cache file must be what would be written for the same item and payload.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeRawBufferPointer(start: start, count: count)
  guard let file = try? CacheFile(parsing: input) else { return 0 }
  precondition(file.headerByteCount <= count && input.starts(with: file.header))
  guard let payload = try? file.checkPayload(of: input) else { return 0 }
  precondition(payload.count == file.payloadByteCount && file.byteCount == count)
  let trailer = CacheFile.trailer(of: file.header, payload: UnsafeRawBufferPointer(rebasing: input[payload]))
  precondition(input[payload.upperBound...].elementsEqual(trailer))
  return 0
}

runFuzzer()
