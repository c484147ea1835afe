import ArgumentParser
import JSON
import Workload

/// `--slo-…`, `--json`, `--html`: what a run is held against, and where it is reported.
struct ReportOptions: ParsableArguments {
  @Option(help: "A good request has its first token after so many seconds.") var sloTtft = 2.0
  @Option(help: "A good request takes so many seconds for each token after the first.") var sloToken = 0.1
  @Flag(help: "Print JSON instead of a table.") var json = false
  @Option(help: "Write a report with charts to this file.") var html: String?
  @Option(help: "Write the charts as SVG files to this folder.") var svg: String?

  func validate() throws {
    guard sloTtft > 0, sloToken > 0 else { throw ValidationError("--slo-ttft and --slo-token must be above 0.") }
  }

  var level: ServiceLevel { ServiceLevel(timeToFirstToken: sloTtft, secondsPerToken: sloToken) }

  /// Prints and writes what was asked for.
  ///
  /// - Parameters:
  ///   - lines: for people, below the measurements.
  ///   - details: members of the JSON object besides the measurements'.
  func report(_ title: String, _ measurements: Measurements, lines: [String] = [], details: JSONObject) throws {
    var members = details
    for (key, value) in measurements.json.objectValue ?? [:] { members[key] = value }
    print(
      json
        ? JSON.object(members).serialized(.indented(2)) : ([measurements.text] + lines).joined(separator: "\n"))
    let report = HTMLReport(title: title, measurements, details: .object(members))
    if let html { try writeOutput(report.html, to: html) }
    if let svg {
      for (name, text) in report.svgs { try writeOutput(text, to: "\(svg)/\(name).svg") }
    }
  }
}
