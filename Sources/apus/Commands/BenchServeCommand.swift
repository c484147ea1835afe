import ArgumentParser
import Foundation
import JSON
import LoadBench
import Synchronization
import Workload

/// `apus bench serve`: what clients of a running server see under load.
struct BenchServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Drive an OpenAI-compatible server, and measure what its clients see.",
    discussion: """
      apus bench serve --url http://127.0.0.1:8080 --conversations 200 --rate 2
      apus bench serve --url http://127.0.0.1:8080 --turns 5 --prefixes 3 --html report.html
      apus bench serve --url http://127.0.0.1:8080 --trace agents.jsonl --log requests.jsonl

      Requests are sent at their times, whether the server keeps up or not, and
      replies are streamed. Seconds to the first token count from the moment a
      request was due.

      "between tokens" is the time between two pieces of a reply as they arrive;
      a piece is a token for most servers. Cached tokens are those the server
      reports; prefilled ones are the rest of the prompt. Status 429 and 503 are
      refusals, everything else that is not a whole reply is a failure.

      Prompts are frequent words. How many tokens a word has is measured first,
      with two short requests, so lengths are met on average. Replies are greedy
      and end where the model ends them; --body '{"ignore_eos":true}' makes
      servers that know it go on.

      "drafts" appears where the server reports guessed tokens. With --draft-gain,
      the trace is sent twice, first with "draft_tokens": 0 in every request, and
      the last line says how much less time a token took than without guesses.
      """)

  @Option(help: "The server, with or without /v1.") var url: String
  @Option(help: "The model to ask for. Default: the first one the server lists.") var model: String?
  @Option(help: "Sent as a bearer token. Default: the environment's OPENAI_API_KEY.") var apiKey: String?
  @Option(help: "Further members of every request, as a JSON object.") var body: String?
  @Option(help: "Seconds a reply may take.") var timeout = 600.0
  @Option(help: "Write a JSON line for every request to this file.") var log: String?
  @Flag(help: "Send the trace without drafts first, and report what they gain.") var draftGain = false

  @OptionGroup(title: "Trace") var trace: TraceOptions

  @OptionGroup(title: "Report") var report: ReportOptions

  func validate() throws {
    guard timeout > 0, timeout <= 1e6 else { throw ValidationError("--timeout must be above 0 seconds.") }
    _ = try members()
  }

  private func members() throws -> JSONObject {
    guard let body else { return [:] }
    guard let members = (try? JSON(parsing: body))?.objectValue else {
      throw ValidationError("--body takes a JSON object, such as '{\"ignore_eos\":true}'.")
    }
    return members
  }

  func run() async throws {
    let trace = try trace.trace()
    var options = ChatEndpoint.Options()
    options.model = model
    options.apiKey = apiKey ?? ProcessInfo.processInfo.environment["OPENAI_API_KEY"]
    options.body = try members()
    options.timeout = .seconds(timeout)
    let endpoint = try await ChatEndpoint(url: url, options: options)
    var details: JSONObject = [
      "url": .string(url), "model": .string(endpoint.model), "trace_requests": .integer(trace.requestCount),
    ]
    var undrafted: Measurements?
    if draftGain {
      options.model = endpoint.model
      options.body["draft_tokens"] = 0
      undrafted = try await drive(trace, ChatEndpoint(url: url, options: options)).measurements
    }
    let (measurements, lines) = try await drive(trace, endpoint)
    if let log { try writeOutput(lines, to: log) }
    var notes: [String] = []
    if let before = undrafted?.secondsPerToken.mean, measurements.secondsPerToken.mean > 0 {
      let after = measurements.secondsPerToken.mean
      details["draft_gain"] = .double(before / after)
      details["seconds_per_token_without_drafts"] = .double(before)
      notes.append(
        String(
          format: "\nA token took %.2f ms, and %.2f ms without drafts: %.2f times as fast.", 1000 * after,
          1000 * before,
          before / after))
    }
    try report.report("\(endpoint.model) at \(url)", measurements, lines: notes, details: details)
  }

  /// Sends the trace, and returns what was measured, and a line for each request.
  private func drive(
    _ trace: Trace, _ endpoint: ChatEndpoint
  ) async throws -> (measurements: Measurements, lines: String) {
    let lines = Mutex("")
    let ended = Mutex(0)
    let total = trace.requestCount
    let bar = ProgressLine()
    let measurements = try await LoadRun(trace, endpoint: endpoint, level: report.level).run { entry in
      let count = ended.withLock { count in
        count += 1
        return count
      }
      bar.show(count, of: total)
      lines.withLock { $0 += entry.json.serialized() + "\n" }
    }
    return (measurements, lines.withLock { $0 })
  }
}
