import APIServer
import FuzzSupport
import JSON

/// Whatever the body of a chat request, it is taken or refused with an error that can be told.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let body = try? JSON(parsing: UnsafeBufferPointer(start: start, count: count)) else { return 0 }
  do {
    let request = try ChatCompletionRequest(body)
    guard !request.model.isEmpty else { fatalError("a request without a model was taken") }
  } catch {
    guard (400..<500).contains(error.statusCode), error.envelope["error"]?["message"]?.stringValue?.isEmpty == false
    else { fatalError("not a client's error: \(error)") }
  }
  return 0
}

runFuzzer()
