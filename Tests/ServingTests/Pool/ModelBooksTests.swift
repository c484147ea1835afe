import TestSupport
import Testing

@testable import Serving

/// The lives of models, decided without models.
@Suite struct ModelBooksTests {
  private let start = ContinuousClock.now

  private func books(_ needs: [Int], limit: Int, mostWaiters: Int = .max) -> ModelBooks {
    ModelBooks(
      needs.enumerated().map { ModelBooks.Entry(name: "m\($0)", need: $1, mostWaiters: mostWaiters) }, limit: limit)
  }

  /// Loads a model for somebody who does not use it any more.
  private func load(_ model: Int, in books: inout ModelBooks, at seconds: Double = 0) {
    let now = start + .seconds(seconds)
    #expect(books.request(model, by: 100, at: now) { _ in start } == [.load(model)])
    #expect(books.loaded(model, at: now) == [.admit(100, to: model)])
    books.release(model, at: now)
  }

  @Test func requestsShareOneLoad() {
    var books = books([1], limit: 1)
    #expect(books.state(of: 0) == .unloaded)
    #expect(books.request(0, by: 1, at: start) { _ in nil } == [.load(0)])
    #expect(books.request(0, by: 2, at: start) { _ in nil } == [])
    #expect(books.state(of: 0) == .loading && books.waiting(for: 0) == 2)
    #expect(books.loaded(0, at: start) == [.admit(1, to: 0), .admit(2, to: 0)])
    #expect(books.request(0, by: 3, at: start) { _ in nil } == [.admit(3, to: 0)])
    #expect(books.state(of: 0) == .loaded)
  }

  @Test func theLeastRecentlyUsedMakesRoom() {
    var books = books([4, 4, 4, 6], limit: 12)
    for model in 0..<3 { load(model, in: &books, at: Double(model)) }
    // The first is used again.
    #expect(books.request(0, by: 1, at: start) { _ in start } == [.admit(1, to: 0)])
    books.release(0, at: start + .seconds(9))
    #expect(books.request(3, by: 2, at: start) { _ in start } == [.unload(1), .unload(2)])
    #expect(books.state(of: 3) == .loading && books.state(of: 1) == .unloading)
    #expect(books.unloaded(1) == [])
    #expect(books.unloaded(2) == [.load(3)])
    #expect(books.occupied == 10)
  }

  @Test func whatIsInUseStays() {
    var books = books([4, 4, 4], limit: 8)
    load(0, in: &books)
    load(1, in: &books)
    #expect(books.request(0, by: 1, at: start) { _ in start } == [.admit(1, to: 0)])
    // The other has a reply to make.
    #expect(books.request(2, by: 2, at: start) { $0 == 1 ? nil : start } == [])
    #expect(books.isHoping(2) && books.state(of: 2) == .unloaded && books.waiting(for: 2) == 1)
    #expect(books.unload(1) { $0 == 1 ? nil : start } == [] && books.unload(0) { _ in start } == [])
    #expect(books.makeRoom { $0 == 1 ? nil : start } == [])
    #expect(books.makeRoom { _ in start } == [.unload(1)] && !books.isHoping(2))
    #expect(books.unloaded(1) == [.load(2)] && books.loaded(2, at: start) == [.admit(2, to: 2)])
  }

  @Test func whoeverHopesInVainIsToldWhoHasTheMemory() {
    var books = books([4, 4, 4], limit: 8, mostWaiters: 1)
    load(0, in: &books)
    load(1, in: &books)
    let holders = [ModelRefusal.Holder(model: "m0", bytes: 4), ModelRefusal.Holder(model: "m1", bytes: 4)]
    let refusal = ModelRefusal.noRoom(model: "m2", needed: 4, limit: 8, holders: holders)
    for isPatient in [true, false] {
      #expect(books.request(2, by: 1, at: start) { _ in nil } == [])
      #expect(books.request(2, by: 2, at: start) { _ in nil } == [.refuse(2, refusal)])
      let ends = (0..<2).map { _ in isPatient ? books.late(1, on: 2) : books.loseHope(1, on: 2) }
      #expect(ends == [[.refuse(1, refusal)], []] && !books.isHoping(2))
    }
    // Nobody hopes any more, so that nobody goes.
    #expect(books.makeRoom { _ in start } == [])
    // Once the memory is promised, only the request's own limit counts.
    #expect(books.request(2, by: 3, at: start) { _ in start } == [.unload(0)])
    #expect(books.loseHope(3, on: 2) == [])
    #expect(books.late(3, on: 2) == [.refuse(3, .late(model: "m2"))])
  }

  @Test func roomIsForWhoeverCameFirst() {
    var books = books([8, 8, 8], limit: 8)
    load(0, in: &books)
    for (waiter, model) in [(1, 2), (2, 1), (3, 2)] {
      #expect(books.request(model, by: ModelBooks.Waiter(waiter), at: start) { _ in nil } == [])
    }
    // Who came first leaves, and the other model's request is the older one then.
    #expect(books.giveUp(1, on: 2, .cancelled) == [.refuse(1, .cancelled)])
    #expect(books.makeRoom { _ in start } == [.unload(0)])
    #expect(books.unloaded(0) == [.load(1)] && books.makeRoom { _ in start } == [])
    #expect(books.loaded(1, at: start) == [.admit(2, to: 1)] && books.makeRoom { _ in start } == [])
    books.release(1, at: start)
    #expect(books.makeRoom { _ in start } == [.unload(1)])
    #expect(books.unloaded(1) == [.load(2)] && books.loaded(2, at: start) == [.admit(3, to: 2)])
  }

  @Test func whatIsFreeIsForWhoeverComes() {
    var books = books([4, 8, 2, 3, 3], limit: 10)
    load(0, in: &books)
    load(4, in: &books)
    #expect(books.request(1, by: 1, at: start) { $0 == 4 ? start : nil } == [])
    // There is room for this one, and for the next one only if others go: these are for the first.
    #expect(books.request(2, by: 2, at: start) { $0 == 4 ? start : nil } == [.load(2)])
    #expect(books.request(3, by: 3, at: start) { $0 == 4 ? start : nil } == [])
    #expect(books.loaded(2, at: start) == [.admit(2, to: 2)])
    #expect(books.giveUp(1, on: 1, .cancelled) == [.refuse(1, .cancelled)])
    #expect(books.makeRoom { $0 == 4 ? start : nil } == [.unload(4)])
    #expect(books.unloaded(4) == [.load(3)])
  }

  @Test func nothingIsUnloadedInVain() {
    var books = books([2, 6, 8], limit: 8)
    load(0, in: &books)
    load(1, in: &books)
    #expect(books.request(1, by: 1, at: start) { _ in start } == [.admit(1, to: 1)])
    #expect(books.request(2, by: 2, at: start) { _ in start } == [])
    #expect(books.state(of: 0) == .loaded)
  }

  @Test func whoeverAsksForAModelThatIsBeingUnloadedGetsItAgain() {
    var books = books([8, 8], limit: 8)
    load(0, in: &books)
    #expect(books.unload(0) { _ in start } == [.unload(0)])
    #expect(books.request(0, by: 1, at: start) { _ in start } == [])
    // Its memory is spoken for.
    #expect(books.request(1, by: 2, at: start) { _ in start } == [] && books.isHoping(1))
    #expect(books.unloaded(0) == [.load(0)])
  }

  @Test func aFailedLoadIsTriedAgainAfterAPause() {
    var books = books([1], limit: 1)
    _ = books.request(0, by: 1, at: start) { _ in nil }
    _ = books.request(0, by: 2, at: start) { _ in nil }
    let refusal = ModelRefusal.failed(model: "m0", file: "a.gguf", reason: "no file", retryAfter: 10)
    #expect(books.failed(0, "no file", file: "a.gguf", at: start) == [.refuse(1, refusal), .refuse(2, refusal)])
    #expect(books.state(of: 0) == .unloaded && books.hasFailed(0) && books.occupied == 0)
    let soon = ModelRefusal.failed(model: "m0", file: "a.gguf", reason: "no file", retryAfter: 4)
    #expect(books.request(0, by: 3, at: start + .seconds(6)) { _ in nil } == [.refuse(3, soon)])
    #expect(books.request(0, by: 4, at: start + .seconds(10)) { _ in nil } == [.load(0)])
    #expect(!books.hasFailed(0))
  }

  @Test func aModelThatIsLostGoesWhoeverUsesItAndComesAgain() {
    var books = books([1], limit: 1)
    _ = books.request(0, by: 1, at: start) { _ in nil }
    #expect(books.loaded(0, at: start) == [.admit(1, to: 0)])
    #expect(books.lost(0) == [.unload(0)] && books.lost(0) == [])
    #expect(books.request(0, by: 2, at: start) { _ in nil } == [])
    #expect(books.unloaded(0) == [.load(0)])
    #expect(books.loaded(0, at: start) == [.admit(2, to: 0)])
    // Whoever had it in its earlier life keeps it, too.
    books.release(0, at: start)
    #expect(books.unload(0) { _ in start } == [])
    books.release(0, at: start)
    #expect(books.unload(0) { _ in start } == [.unload(0)])
  }

  @Test func soManyWaitAtMost() {
    var books = books([1], limit: 1, mostWaiters: 1)
    _ = books.request(0, by: 1, at: start) { _ in nil }
    let refusal = ModelRefusal.queueFull(model: "m0", limit: 1)
    #expect(books.request(0, by: 2, at: start) { _ in nil } == [.refuse(2, refusal)])
  }

  @Test func aModelThatNobodyWaitsForAnyMoreIsNotLoaded() {
    var books = books([8, 8], limit: 8)
    load(0, in: &books)
    #expect(books.request(1, by: 1, at: start) { _ in start } == [.unload(0)])
    #expect(books.giveUp(1, on: 1, .cancelled) == [.refuse(1, .cancelled)])
    #expect(books.giveUp(1, on: 1, .cancelled) == [])
    #expect(books.unloaded(0) == [] && books.state(of: 1) == .unloaded)
  }

  @Test func drainingRefusesWhoWaitsAndLoadsNothing() {
    var books = books([8, 8], limit: 8)
    load(0, in: &books)
    _ = books.request(1, by: 1, at: start) { _ in start }
    #expect(books.drain() == [.refuse(1, .draining)])
    #expect(books.unloaded(0) == [])
    #expect(books.request(1, by: 2, at: start) { _ in start } == [.refuse(2, .draining)])
  }

  @Test func aModelThatIsLoadedTooLateIsLetGoOf() {
    var books = books([8], limit: 8)
    _ = books.request(0, by: 1, at: start) { _ in start }
    _ = books.drain()
    #expect(books.loaded(0, at: start) == [.unload(0)])
  }

  /// Random clients, loads and failures: memory is never exceeded, nobody's model goes, everybody is answered once.
  @Test(arguments: 1...200) func everybodyIsAnsweredAndMemoryHolds(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    let needs = (0..<5).map { _ in Int.random(in: 1...6, using: &random) }
    // Not all of them fit.
    let limit = max(6, needs.reduce(0, +) * 2 / 3)
    var books = books(needs, limit: limit, mostWaiters: 4)
    var world = Clients()
    var now = start
    for _ in 0..<2000 {
      now += .milliseconds(Int.random(in: 0...4000, using: &random))
      world.step(&books, at: now, &random)
      #expect(books.occupied <= limit)
    }
    world.finish(&books, at: now, &random)
    #expect(world.waiting.isEmpty && world.loading.isEmpty && world.unloading.isEmpty)
    #expect(world.answers.values.allSatisfy { $0 == 1 } && world.answers.count == world.asked)
    #expect(world.loads >= 3)
  }
}

/// Clients of a pool, and the pool's work as it may come about.
private struct Clients {
  var asked = 0
  var loads = 0
  var answers: [ModelBooks.Waiter: Int] = [:]
  var waiting: [ModelBooks.Waiter: Int] = [:]
  var loading: [Int] = []
  var unloading: [Int] = []
  /// Models that somebody uses, and models that have a reply to make.
  var users: [Int] = []
  var busy: Set<Int> = []
  var now = ContinuousClock.now

  mutating func step(_ books: inout ModelBooks, at now: ContinuousClock.Instant, _ random: inout SplitMix64) {
    let model = Int.random(in: 0..<5, using: &random)
    self.now = now
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<4:
      asked += 1
      let waiter = ModelBooks.Waiter(asked)
      waiting[waiter] = model
      perform(books.request(model, by: waiter, at: now, idleSince: idleSince), &books)
    case 4:
      guard let (waiter, model) = waiting.min(by: { $0.key < $1.key }) else { return }
      perform(Bool.random(using: &random) ? books.late(waiter, on: model) : books.loseHope(waiter, on: model), &books)
    case 5: perform(books.unload(model, idleSince: idleSince), &books)
    case 6 where Int.random(in: 0..<20, using: &random) == 0:
      // Its files were changed; requests to it fail.
      busy.remove(model)
      perform(books.lost(model), &books, lost: model)
    case 6:
      if let done = busy.sorted().randomElement(using: &random) { busy.remove(done) }
      perform([], &books)
    default: advance(&books, at: now, &random)
    }
  }

  /// Something that was begun ends.
  mutating func advance(_ books: inout ModelBooks, at now: ContinuousClock.Instant, _ random: inout SplitMix64) {
    if let model = users.popLast() {
      // It has handed its request over.
      if Bool.random(using: &random) { busy.insert(model) }
      books.release(model, at: now)
      perform([], &books)
    } else if !loading.isEmpty, Bool.random(using: &random) {
      let model = loading.removeFirst()
      perform(
        Int.random(in: 0..<8, using: &random) == 0
          ? books.failed(model, "", at: now) : books.loaded(model, at: now), &books)
    } else if !unloading.isEmpty {
      perform(books.unloaded(unloading.removeFirst()), &books)
    }
  }

  mutating func finish(_ books: inout ModelBooks, at now: ContinuousClock.Instant, _ random: inout SplitMix64) {
    for _ in 0..<1000 {
      advance(&books, at: now, &random)
      busy = []
      perform([], &books)
    }
  }

  private func idleSince(_ model: Int) -> ContinuousClock.Instant? { busy.contains(model) ? nil : now }

  private mutating func perform(
    _ actions: [ModelBooks.Action], _ books: inout ModelBooks, lost: Int? = nil
  ) {
    for action in actions + books.makeRoom(idleSince) {
      switch action {
      case .load(let model):
        loads += 1
        loading.append(model)
      case .unload(let model):
        #expect(model == lost || !users.contains(model) && !busy.contains(model))
        unloading.append(model)
      case .admit(let waiter, let model):
        #expect(waiting.removeValue(forKey: waiter) == model && books.state(of: model) == .loaded)
        answers[waiter, default: 0] += 1
        users.append(model)
      case .refuse(let waiter, _):
        #expect(waiting.removeValue(forKey: waiter) != nil)
        answers[waiter, default: 0] += 1
      }
    }
  }
}
