import Hummingbird
import Logging

/// `GET /health` on 127.0.0.1 and the port that is given, without logs, as Hummingbird's documentation sets up a server.
let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8081
let router = Router()
router.get("/health") { _, _ in
  Response(
    status: .ok, headers: [.contentType: "application/json"],
    body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"status":"ready"}"#)))
}
var logger = Logger(label: "health")
logger.logLevel = .critical
let application = Application(
  router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)), logger: logger)
try await application.runService()
