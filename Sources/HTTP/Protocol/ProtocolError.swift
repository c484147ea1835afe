import HTTPTypes

/// What can be wrong with the bytes of a request. Each case is answered with its status, and the connection closed.
enum ProtocolError: Error, Hashable, Sendable {
  case bareCarriageReturn
  case bareLineFeed
  case requestLineTooLong(limit: Int)
  case malformedRequestLine
  case invalidTarget
  case malformedVersion
  case unsupportedVersion(String)
  case connectNotSupported
  case tooManyHeaderFields(limit: Int)
  case headerTooLarge(limit: Int)
  case foldedHeaderField
  case invalidHeaderFieldName
  case invalidHeaderFieldValue(name: String)
  case missingHost
  case repeatedHost
  case invalidHost
  case repeatedContentLength
  case invalidContentLength(String)
  case lengthWithTransferEncoding
  case transferEncodingBeforeHTTP11
  case malformedTransferEncoding(String)
  case unknownTransferCoding(String)
  case unknownExpectation(String)
  case bodyTooLarge(limit: Int)
  case invalidChunkSize
  case invalidChunkExtension
  case chunkLineTooLong(limit: Int)
  case chunkWithoutLineEnd
  case headerTimeout
  case bodyTimeout

  var status: HTTPResponse.Status {
    switch self {
    case .requestLineTooLong: .uriTooLong
    case .unsupportedVersion: .httpVersionNotSupported
    case .connectNotSupported, .unknownTransferCoding: .notImplemented
    case .tooManyHeaderFields, .headerTooLarge: .requestHeaderFieldsTooLarge
    case .unknownExpectation: .expectationFailed
    case .bodyTooLarge: .contentTooLarge
    case .headerTimeout, .bodyTimeout: .requestTimeout
    default: .badRequest
    }
  }

  var message: String {
    switch self {
    case .bareCarriageReturn: "a carriage return that no line feed follows"
    case .bareLineFeed: "a line ends with a line feed alone; expected CR LF"
    case .requestLineTooLong(let limit): "the request line is longer than \(limit) bytes"
    case .malformedRequestLine: "expected a request line of method, target and version, one space between them"
    case .invalidTarget: "the request target is neither a path, an http URL nor (for OPTIONS) an asterisk"
    case .malformedVersion: "expected a version such as HTTP/1.1"
    case .unsupportedVersion(let version): "expected HTTP/1.1 or HTTP/1.0, found \(version)"
    case .connectNotSupported: "this server is no proxy; CONNECT is not supported"
    case .tooManyHeaderFields(let limit): "more than \(limit) header fields"
    case .headerTooLarge(let limit): "the header section is larger than \(limit) bytes"
    case .foldedHeaderField: "a header field is folded over several lines"
    case .invalidHeaderFieldName: "expected a header field name and a colon with no space between them"
    case .invalidHeaderFieldValue(let name): "the value of \(name) contains a control character"
    case .missingHost: "an HTTP/1.1 request without a Host field"
    case .repeatedHost: "more than one Host field"
    case .invalidHost: "the Host field is not a host with an optional port"
    case .repeatedContentLength: "more than one Content-Length"
    case .invalidContentLength(let value): "expected a number of bytes as Content-Length, found \"\(value)\""
    case .lengthWithTransferEncoding: "both Content-Length and Transfer-Encoding"
    case .transferEncodingBeforeHTTP11: "Transfer-Encoding in an HTTP/1.0 request"
    case .malformedTransferEncoding(let value): "expected Transfer-Encoding: chunked, found \"\(value)\""
    case .unknownTransferCoding(let coding): "the transfer coding \(coding) is not supported, only chunked"
    case .unknownExpectation(let value): "expected Expect: 100-continue, found \"\(value)\""
    case .bodyTooLarge(let limit): "the request body is larger than \(limit) bytes"
    case .invalidChunkSize: "expected a chunk size in hexadecimal digits"
    case .invalidChunkExtension: "a malformed chunk extension"
    case .chunkLineTooLong(let limit): "the chunk sizes and extensions are longer than \(limit) bytes"
    case .chunkWithoutLineEnd: "expected CR LF after the data of a chunk"
    case .headerTimeout: "the request's header section did not arrive in time"
    case .bodyTimeout: "the request body did not arrive in time"
    }
  }

  var httpError: HTTPError { HTTPError(status, message) }
}
