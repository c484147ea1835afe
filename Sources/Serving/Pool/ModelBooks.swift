/// The life of every model of a server, and the memory they share: which are there, who uses them, who waits.
///
/// It only decides; what it says is done elsewhere, and told to it. It knows neither threads nor a clock, and models by
/// number.
///
/// A model that is asked for claims its memory. Where others have to go for it, they do, the least recently used first, and
/// it is loaded when they are gone. What claims memory together fits into the limit always, so that nobody waits for
/// memory that was promised and never comes. Where models in use leave no room, it hopes for some, and claims nothing.
struct ModelBooks {
  /// Somebody who asked for a model and has no answer yet.
  typealias Waiter = UInt64

  /// What is to be done.
  enum Action: Equatable {
    case load(Int)
    case unload(Int)
    /// The waiter uses the model from now on; `release` is owed.
    case admit(Waiter, to: Int)
    case refuse(Waiter, ModelRefusal)
  }

  /// What is known of a model beforehand.
  struct Entry {
    /// For errors.
    let name: String
    /// Bytes it takes.
    let need: Int
    /// Requests that may wait for it.
    var mostWaiters = Int.max
    /// Whether it is there from the beginning, and stays.
    var isPermanent = false
  }

  enum Presence { case absent, loading, ready, unloading }

  struct Failure {
    let reason: String
    let file: String?
    let until: ContinuousClock.Instant
  }

  struct Book {
    let entry: Entry
    var presence: Presence
    /// Whether it is asked for, and models in use leave no room for it.
    var isHoping = false
    /// Whether it is to be loaded as soon as those are gone that make room for it.
    var isWanted = false
    var users = 0
    var lastUse: ContinuousClock.Instant?
    var waiters: [Waiter] = []
    var failure: Failure?

    /// Whether its memory is taken, or spoken for.
    var claims: Bool { isWanted || presence == .loading || presence == .ready }
  }

  var books: [Book]
  /// Models that are wanted, in the order in which they came to be.
  var queue: [Int] = []
  private(set) var isDraining = false
  /// Bytes that models may take together.
  let limit: Int
  /// How long a model that could not be loaded is not tried again.
  static let pause = Duration.seconds(10)

  /// - Precondition: each model fits into the limit alone, and those that are permanent do together.
  init(_ entries: [Entry], limit: Int) {
    books = entries.map { Book(entry: $0, presence: $0.isPermanent ? .ready : .absent) }
    self.limit = limit
  }

  // MARK: - What there is

  /// Where a model is in its life.
  func state(of model: Int) -> ModelState {
    let book = books[model]
    switch book.presence {
    case .absent: return book.isWanted ? .loading : .unloaded
    case .loading: return .loading
    case .ready: return .loaded
    case .unloading: return book.isWanted ? .loading : .unloading
    }
  }

  /// Whether the last attempt to load the model failed.
  func hasFailed(_ model: Int) -> Bool { books[model].failure != nil }

  /// Whether a model is being unloaded, wanted again or not.
  func isLeaving(_ model: Int) -> Bool { books[model].presence == .unloading }

  /// Whether requests for a model wait until those in use leave room for it.
  func isHoping(_ model: Int) -> Bool { books[model].isHoping }

  /// Requests that wait for a model.
  func waiting(for model: Int) -> Int { books[model].waiters.count }

  /// Bytes of the models that are in memory, or on the way into it or out of it.
  var occupied: Int { books.reduce(0) { $0 + ($1.presence == .absent ? 0 : $1.entry.need) } }

  var claimed: Int { books.reduce(0) { $0 + ($1.claims ? $1.entry.need : 0) } }

  // MARK: - Requests

  /// Somebody asks for a model.
  /// - Parameter idleSince: since when a loaded model has had nothing to do; nil while it has.
  /// - Returns: what is to be done. Where that does not answer the waiter, a later event does.
  mutating func request(
    _ model: Int, by waiter: Waiter, at now: ContinuousClock.Instant, idleSince: (Int) -> ContinuousClock.Instant?
  ) -> [Action] {
    // What is there says itself that it drains: what takes none of its time may still be asked.
    if books[model].presence == .ready {
      books[model].users += 1
      return [.admit(waiter, to: model)]
    }
    let entry = books[model].entry
    if isDraining { return [.refuse(waiter, .draining)] }
    guard books[model].waiters.count < entry.mostWaiters else {
      let isFull = ModelRefusal.queueFull(model: entry.name, limit: entry.mostWaiters)
      return [.refuse(waiter, books[model].isHoping ? noRoom(for: model) : isFull)]
    }
    if !books[model].claims && !books[model].isHoping {
      if let failure = books[model].failure, failure.until > now {
        let seconds = (failure.until - now) / .seconds(1)
        return [
          .refuse(
            waiter,
            .failed(model: entry.name, file: failure.file, reason: failure.reason, retryAfter: seconds))
        ]
      }
      books[model].failure = nil
      books[model].isHoping = true
    }
    books[model].waiters.append(waiter)
    return makeRoom(idleSince)
  }

  private func noRoom(for model: Int) -> ModelRefusal {
    let holders = books.filter(\.claims).map { ModelRefusal.Holder(model: $0.entry.name, bytes: $0.entry.need) }
    let entry = books[model].entry
    return .noRoom(model: entry.name, needed: entry.need, limit: limit, holders: holders)
  }

  /// A waiter does not wait any more; it is refused if it still did.
  mutating func giveUp(_ waiter: Waiter, on model: Int, _ reason: ModelRefusal) -> [Action] {
    guard let index = books[model].waiters.firstIndex(of: waiter) else { return [] }
    books[model].waiters.remove(at: index)
    if books[model].waiters.isEmpty { forget(model) }
    return [.refuse(waiter, reason)]
  }

  /// A waiter has waited as long as it may, if it still does.
  mutating func late(_ waiter: Waiter, on model: Int) -> [Action] {
    giveUp(waiter, on: model, books[model].isHoping ? noRoom(for: model) : .late(model: books[model].entry.name))
  }

  /// A waiter has waited for room as long as it may, if it still does.
  mutating func loseHope(_ waiter: Waiter, on model: Int) -> [Action] {
    books[model].isHoping ? late(waiter, on: model) : []
  }

  /// Nobody wants a model any more that is not being loaded yet.
  private mutating func forget(_ model: Int) {
    books[model].isHoping = false
    books[model].isWanted = false
    queue.removeAll { $0 == model }
  }

  /// Whoever was admitted to a model does not use it any more.
  mutating func release(_ model: Int, at now: ContinuousClock.Instant) {
    books[model].users -= 1
    books[model].lastUse = now
  }

  // MARK: - What was done

  /// A model is loaded; those who waited for it use it.
  mutating func loaded(_ model: Int, at now: ContinuousClock.Instant) -> [Action] {
    guard !isDraining else {
      books[model].presence = .unloading
      return [.unload(model)]
    }
    let waiters = books[model].waiters
    books[model].presence = .ready
    books[model].waiters = []
    // Some may be left from an earlier life that ended while they used it.
    books[model].users += waiters.count
    books[model].lastUse = now
    return waiters.map { .admit($0, to: model) }
  }

  /// A model could not be loaded.
  /// - Parameter file: the file that is the reason, by its name, if one is.
  mutating func failed(
    _ model: Int, _ reason: String, file: String? = nil, at now: ContinuousClock.Instant
  ) -> [Action] {
    let waiters = books[model].waiters
    books[model].presence = .absent
    books[model].waiters = []
    books[model].failure = Failure(reason: reason, file: file, until: now + Self.pause)
    let refusal = ModelRefusal.failed(
      model: books[model].entry.name, file: file, reason: reason, retryAfter: Self.pause / .seconds(1))
    return waiters.map { .refuse($0, refusal) } + startLoading()
  }

  /// A model is gone.
  mutating func unloaded(_ model: Int) -> [Action] {
    books[model].presence = .absent
    return startLoading()
  }

  // MARK: - Unloading

  /// Unloads a model if nobody uses it.
  mutating func unload(_ model: Int, idleSince: (Int) -> ContinuousClock.Instant?) -> [Action] {
    guard self.idleSince(model, idleSince) != nil else { return [] }
    books[model].presence = .unloading
    return [.unload(model)]
  }

  /// A model that was loaded serves nobody any more, whoever has it. It goes, and may come again.
  mutating func lost(_ model: Int) -> [Action] {
    guard books[model].presence == .ready else { return [] }
    books[model].presence = .unloading
    return [.unload(model)]
  }

  /// Nothing is loaded any more, and nobody waits.
  mutating func drain() -> [Action] {
    isDraining = true
    var actions: [Action] = []
    for model in books.indices {
      actions += books[model].waiters.map { .refuse($0, .draining) }
      books[model].waiters = []
      forget(model)
    }
    return actions
  }
}
