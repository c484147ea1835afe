import Foundation
public import JSON

extension Measurements {
  /// Shares of the percentiles that reports show.
  private static let shares = [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)]

  /// An object with stable keys; times are in seconds, rates are per second of the run.
  public var json: JSON {
    [
      "requests": .integer(requests),
      "answered": .integer(answered),
      "refused": Self.counts(refused),
      "failed": Self.counts(failed),
      "seconds": .double(end),
      "ttft": Self.summary(timeToFirstToken),
      "inter_token": Self.summary(interToken),
      "end_to_end": Self.summary(endToEnd),
      "seconds_per_token": Self.summary(secondsPerToken),
      "prompt_tokens": .integer(promptTokens),
      "cached_tokens": .integer(cachedTokens),
      "prefilled_tokens": .integer(promptTokens - cachedTokens),
      "output_tokens": .integer(outputTokens),
      "accepted_draft_tokens": .integer(acceptedDrafts),
      "rejected_draft_tokens": .integer(rejectedDrafts),
      "tokens_per_step": .double(tokensPerStep),
      "requests_per_second": .double(rate(answered)),
      "output_tokens_per_second": .double(rate(outputTokens)),
      "prompt_tokens_per_second": .double(rate(promptTokens)),
      "slo": ["ttft": .double(level.timeToFirstToken), "seconds_per_token": .double(level.secondsPerToken)],
      "good": .integer(good),
      "goodput": .double(rate(good)),
      "fairness": .double(fairness),
      "tenants": .object(
        JSONObject(
          tenants.sorted { $0.key < $1.key }.map { tenant, totals in
            (
              "\(tenant)",
              [
                "answered": .integer(totals.answered), "served_tokens": .integer(totals.servedTokens),
                "ttft": Self.summary(totals.timeToFirstToken),
              ]
            )
          })),
    ]
  }

  private static func counts(_ reasons: [String: Int]) -> JSON {
    .object(JSONObject(reasons.sorted { $0.key < $1.key }.map { ($0.key, .integer($0.value)) }))
  }

  private static func summary(_ distribution: Distribution) -> JSON {
    var members: JSONObject = ["count": .integer(distribution.count), "mean": .double(distribution.mean)]
    for (name, share) in shares { members[name] = .double(distribution.quantile(share)) }
    members["max"] = .double(distribution.greatest)
    return .object(members)
  }

  /// Lines for people.
  public var text: String {
    var lines = [
      "requests      \(requests): \(answered) answered, \(refused.values.reduce(0, +)) refused, "
        + "\(failed.values.reduce(0, +)) failed, in \(Self.shown(end)) s"
    ]
    for (what, reasons) in [("refused", refused), ("failed", failed)] {
      for (reason, count) in reasons.sorted(by: { $0.key < $1.key }) { lines.append("  \(what) \(count): \(reason)") }
    }
    lines.append(
      "throughput    \(Self.shown(rate(answered))) requests, \(Self.shown(rate(outputTokens))) tokens out, "
        + "\(Self.shown(rate(promptTokens))) tokens in a second")
    lines.append(
      "prompts       \(promptTokens) tokens, \(cachedTokens) cached, \(promptTokens - cachedTokens) prefilled")
    lines.append(
      "goodput       \(Self.shown(rate(good))) requests a second, \(good) of \(requests) within "
        + "\(Self.shown(level.timeToFirstToken)) s to the first token and "
        + "\(Self.shown(level.secondsPerToken * 1000)) ms a token")
    if let acceptance {
      lines.append(
        "drafts        \(acceptedDrafts + rejectedDrafts) tokens guessed, \(Self.shown(100 * acceptance))% right: "
          + "\(Self.shown(tokensPerStep)) tokens a step")
    }
    if tenants.count > 1 {
      lines.append("fairness      \(Self.shown(fairness)) between \(tenants.count) tenants")
    }
    lines += ["", Self.table(named)]
    return lines.joined(separator: "\n")
  }

  /// The distributions that reports show.
  var named: [(name: String, distribution: Distribution)] {
    [
      ("first token", timeToFirstToken), ("between tokens", interToken), ("a token, mean", secondsPerToken),
      ("end to end", endToEnd),
    ]
  }

  private static func table(_ rows: [(name: String, distribution: Distribution)]) -> String {
    let head = ["milliseconds", "mean"] + shares.map(\.0) + ["max"]
    let cells = rows.map { name, distribution in
      [name]
        + ([distribution.mean] + shares.map { distribution.quantile($0.1) } + [distribution.greatest]).map {
          shown($0 * 1000)
        }
    }
    return ([head] + cells).map { row in
      row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: max(0, (column == 0 ? 14 : 10) - cell.count))
        return column == 0 ? cell + padding : padding + cell
      }.joined(separator: " ")
    }.joined(separator: "\n")
  }

  /// A number with three or four digits that mean something.
  static func shown(_ value: Double) -> String {
    let magnitude = abs(value)
    let decimals = magnitude >= 100 || magnitude == 0 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3
    return String(format: "%.\(decimals)f", value)
  }
}
