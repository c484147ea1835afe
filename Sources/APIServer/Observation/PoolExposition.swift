import Metrics
import Serving

extension MetricRegistry {
  /// Adds what there is to tell of models: of their services, of their lives, and of the memory they share.
  func add(_ pool: ModelPool) {
    for index in pool.models.indices {
      let model = pool.models[index]
      for (place, part) in model.parts.enumerated() {
        add(part.record.metrics, model: model.names[0] + part.suffix) {
          pool.checkpoints(of: index)?.all[place].service
        }
      }
      addLife(of: index, in: pool, [("model_name", model.names[0])])
    }
    add(
      "apus_models_memory_bytes", "Memory that loaded models take, and those on their way in or out.",
      .gauge { Double(pool.memory) })
    add(
      "apus_models_memory_limit_bytes", "Memory that models may take together.",
      .gauge { pool.memoryLimit.map(Double.init) })
  }

  private func addLife(of index: Int, in pool: ModelPool, _ labels: [(String, String)]) {
    let model = pool.models[index]
    for state in ModelState.allCases {
      add(
        "apus_model_state", "1 for the state a model is in: unloaded, loading, loaded or unloading.",
        labels: labels + [("state", state.rawValue)], .gauge { pool.modelState(of: index) == state ? 1 : 0 })
    }
    let memory = model.outline.memory
    let parts = [
      ("weights", memory.weights), ("kv", memory.keyValues), ("state", memory.states), ("scratch", memory.scratch),
    ]
    for (part, bytes) in parts {
      add(
        "apus_model_memory_bytes", "Memory a model takes: weights, KV cache, states, scratch; 0 while it is unloaded.",
        labels: labels + [("part", part)], .gauge { pool.modelState(of: index) == .unloaded ? 0 : Double(bytes) })
    }
    add(
      "apus_model_waiting", "Requests that wait for a model to be loaded.", labels: labels,
      .gauge { Double(pool.waiting(for: index)) })
    let counters: [(String, String, Counter)] = [
      ("apus_model_loads_total", "Times a model was loaded.", model.metrics.loads),
      ("apus_model_load_failures_total", "Times a model could not be loaded.", model.metrics.failures),
      ("apus_model_unloads_total", "Times a model was unloaded.", model.metrics.unloads),
      (
        "apus_model_file_changes_total", "Times a model was unloaded since its files were changed.",
        model.metrics.losses
      ),
    ]
    for (name, help, counter) in counters { add(name, help, labels: labels, .counter(counter)) }
    for kind in ModelRefusal.Kind.allCases {
      guard let counter = model.metrics.refused[kind] else { continue }
      add(
        "apus_model_refused_total", "Requests that did not get their model.",
        labels: labels + [("reason", kind.rawValue)], .counter(counter))
    }
    add("apus_model_load_seconds", "How long loading took.", labels: labels, .histogram(model.metrics.loadTime))
  }
}
