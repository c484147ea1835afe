import Metrics
import Serving

extension MetricRegistry {
  /// Adds what there is to tell of a service: under vLLM's names what vLLM tells, too, so that its dashboards, alerts and
  /// routers work; everything else under names that begin with `apus_`.
  /// - Parameters:
  ///   - metrics: what is counted, whether there is a service or not.
  ///   - model: the label `model_name`.
  ///   - service: the service there is at the moment; nil while its model is not loaded.
  func add(_ metrics: ServiceMetrics, model: String, of service: @escaping @Sendable () -> ChatService?) {
    addState(of: service, [("model_name", model)])
    addRequests(metrics, [("model_name", model)])
    addSteps(metrics, of: service, [("model_name", model)])
  }

  private func addState(of service: @escaping @Sendable () -> ChatService?, _ labels: [(String, String)]) {
    func gauge(_ name: String, _ help: String, _ more: [(String, String)] = [], _ read: @escaping Reading) {
      add(name, help, labels: labels + more, .gauge { service().map { read($0.statistics) } })
    }
    gauge("vllm:num_requests_running", "Requests that advance with each step.") { Double($0.running) }
    gauge("vllm:num_requests_waiting", "Requests that wait to run.") { Double($0.waiting) }
    gauge("vllm:kv_cache_usage_perc", "Share of the KV cache's pages that running requests hold; 1 is all.") {
      $0.pages.total == 0 ? 0 : Double($0.pages.held) / Double($0.pages.total)
    }
    add(
      "vllm:cache_config_info", "The KV cache: tokens of a page, and pages.",
      labels: labels,
      .information {
        service().map { [("block_size", "\($0.pageSize)"), ("num_gpu_blocks", "\($0.pageCount)")] }
      })
    let kinds: [(String, @Sendable (ServiceStatistics.Occupancy) -> Int)] = [
      ("held", \.held), ("kept", \.kept), ("free", \.free),
    ]
    for (state, count) in kinds {
      gauge(
        "apus_kv_pages", "Pages of the KV cache: held by running requests, kept for prompts that may come back, free.",
        [("state", state)]
      ) { Double(count($0.pages)) }
      gauge(
        "apus_state_slots",
        "Slots of linear-attention state: held by running requests, kept as checkpoints of prompts, free.",
        [("state", state)]
      ) { Double(count($0.slots)) }
    }
  }

  private func addRequests(_ metrics: ServiceMetrics, _ labels: [(String, String)]) {
    let counters: [(String, String, Counter)] = [
      ("vllm:prompt_tokens_total", "Tokens of the prompts of requests that began to run.", metrics.promptTokens),
      ("vllm:generation_tokens_total", "Tokens generated.", metrics.generationTokens),
      ("vllm:prefix_cache_queries_total", "Tokens of prompts that were looked up in the cache.", metrics.promptTokens),
      ("vllm:prefix_cache_hits_total", "Tokens of prompts that were found in the cache.", metrics.cachedPromptTokens),
      (
        "vllm:num_preemptions_total", "Times a running request gave its memory back for another one.",
        metrics.preemptions
      ),
      ("vllm:spec_decode_num_draft_tokens_total", "Tokens that were guessed and verified.", metrics.draftedTokens),
      ("vllm:spec_decode_num_accepted_tokens_total", "Guessed tokens that stood.", metrics.acceptedTokens),
    ]
    for (name, help, counter) in counters { add(name, help, labels: labels, .counter(counter)) }
    let ended =
      metrics.finished.map { ($0.rawValue, $1) } + [("abort", metrics.aborted), ("error", metrics.failed)]
    for (reason, counter) in ended.sorted(by: { $0.0 < $1.0 }) {
      add(
        "vllm:request_success_total",
        "Replies that ended, by the reason; abort: nobody wanted it any more, error: it failed or was refused.",
        labels: labels + [("finished_reason", reason)], .counter(counter))
    }
    let histograms: [(String, String, Histogram)] = [
      ("time_to_first_token_seconds", "From a request's arrival to its first token.", metrics.timeToFirstToken),
      ("inter_token_latency_seconds", "Between two tokens of a reply.", metrics.interTokenLatency),
      ("e2e_request_latency_seconds", "From a request's arrival to its last token.", metrics.requestLatency),
      ("request_queue_time_seconds", "From a request's arrival to its first step.", metrics.queueTime),
      ("request_prompt_tokens", "Tokens of prompts.", metrics.promptLength),
      ("request_generation_tokens", "Tokens of replies.", metrics.replyLength),
    ]
    for (name, help, histogram) in histograms { add("vllm:\(name)", help, labels: labels, .histogram(histogram)) }
  }

  private func addSteps(
    _ metrics: ServiceMetrics, of service: @escaping @Sendable () -> ChatService?, _ labels: [(String, String)]
  ) {
    add("vllm:iteration_tokens_total", "Tokens of a step.", labels: labels, .histogram(metrics.stepTokens))
    add("apus_step_seconds", "Duration of a step.", labels: labels, .histogram(metrics.stepTime))
    add("apus_step_requests", "Requests that a step advances.", labels: labels, .histogram(metrics.stepSequences))
    add(
      "apus_busy_seconds", "For how long the step loop has been at what it does; 0 while it has nothing to do.",
      labels: labels,
      .gauge {
        service().map { $0.statistics.busySince.map { (ContinuousClock.now - $0) / .seconds(1) } ?? 0 }
      })
  }

  private typealias Reading = @Sendable (ServiceStatistics) -> Double
}
