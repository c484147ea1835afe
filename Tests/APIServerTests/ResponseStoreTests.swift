import JSON
import Testing

@testable import APIServer

@Suite struct ResponseStoreTests {
  private func entry(_ text: String, of owner: String? = nil) -> ResponseStore.Entry {
    ResponseStore.Entry(
      response: ["output": [["id": .string("item-" + text), "text": .string(text)]]], input: [], owner: owner)
  }

  @Test func whatIsOthersIsNotThere() {
    let store = ResponseStore(limit: 1000)
    store.keep(entry("a", of: "alice"), as: "a")
    #expect(store["a", "alice"] != nil && store.item("item-a", of: "alice") != nil)
    for other in ["bob", "", nil] {
      #expect(store["a", other] == nil && store.item("item-a", of: other) == nil)
    }
  }

  @Test func theOldestMakeRoom() {
    let size = entry("a").response.bytes.count
    let store = ResponseStore(limit: 2 * size)
    for name in ["a", "b", "c"] { store.keep(entry(name), as: name) }
    #expect(store["a", nil] == nil && store["b", nil] != nil && store["c", nil] != nil)
    #expect(store.item("item-a", of: nil) == nil && store.item("item-c", of: nil) != nil)
    store.keep(entry(String(repeating: "x", count: 3 * size)), as: "large")
    #expect(store["large", nil] == nil && store["c", nil] == nil)
    store.keep(entry("d"), as: "d")
    store.keep(entry("e"), as: "d")
    store.keep(entry("f"), as: "f")
    #expect(store["d", nil]?.conversation.first?["text"] == "e" && store["f", nil] != nil)
    #expect(store.remove("d") && !store.remove("d"))
  }

  @Test func aLimitOfZeroKeepsNothing() {
    let store = ResponseStore(limit: 0)
    store.keep(entry("a"), as: "a")
    #expect(store["a", nil] == nil)
  }

  @Test func whatWasForgottenStaysForgotten() {
    let store = ResponseStore(limit: 1000)
    store.start(entry("begun"), as: "a", events: nil) { Task {} }
    #expect(store.remove("a"))
    store.finish(entry("done"), as: "a")
    #expect(store["a", nil] == nil)
    store.start(entry("begun"), as: "b", events: nil) { Task {} }
    store.finish(entry("done"), as: "b")
    #expect(store["b", nil]?.conversation.first?["text"] == "done")
    #expect(store.cancel("b") == nil)
  }

  /// A follower that leaves just when it is told something ends by itself, and holds up nobody.
  @Test(.timeLimit(.minutes(1))) func followersMayLeaveAtAnyMoment() async {
    let store = ResponseStore(limit: 1 << 20)
    for round in 0..<60 {
      let id = "a\(round)"
      store.start(entry("begun"), as: id, events: frames(0...0)) { Task {} }
      await withTaskGroup { group in
        group.addTask {
          for number in 1...500 {
            store.append(self.frames(number...number), to: id, isLast: number == 500)
            await Task.yield()
          }
        }
        for follower in 0..<12 {
          group.addTask {
            let following = Task {
              guard let events = store.events(of: id, from: 0) else { return }
              for await _ in events {}
            }
            try? await Task.sleep(for: .microseconds(100 * follower))
            following.cancel()
            await following.value
          }
        }
      }
      #expect(store.remove(id))
    }
  }

  private func frames(_ numbers: ClosedRange<Int>) -> [ReplyFrame] { numbers.map { ReplyFrame(.integer($0)) } }

  /// The numbers in a stream of events.
  private func numbers(_ events: AsyncStream<[ReplyFrame]>?) async throws -> [Int] {
    var numbers: [Int] = []
    for await frames in try #require(events) {
      for frame in frames { numbers.append(try #require(JSON(parsing: frame.data).intValue)) }
    }
    return numbers
  }

  @Test func eventsAreToldFromAnyPointToTheEnd() async throws {
    let store = ResponseStore(limit: 10_000)
    store.start(entry("begun"), as: "a", events: frames(0...1)) { Task {} }
    let early = store.events(of: "a", from: 0)
    store.append(frames(2...3), to: "a", isLast: false)
    let late = store.events(of: "a", from: 3)
    store.finish(entry("done"), as: "a")
    store.append(frames(4...4), to: "a", isLast: true)
    store.append(frames(5...5), to: "a", isLast: true)
    #expect(try await numbers(early) == [0, 1, 2, 3, 4])
    #expect(try await numbers(late) == [3, 4])
    #expect(try await numbers(store.events(of: "a", from: 2)) == [2, 3, 4])
    #expect(try await numbers(store.events(of: "a", from: 9)) == [])
    #expect(store.events(of: "b", from: 0) == nil)
    store.start(entry("begun"), as: "c", events: nil) { Task {} }
    #expect(store.events(of: "c", from: 0) == nil)
  }

  @Test func whoFollowsIsToldWhenThereIsNothingLeftToFollow() async throws {
    let store = ResponseStore(limit: 10_000)
    for name in ["cancelled", "removed", "displaced"] {
      store.start(entry("begun"), as: name, events: frames(0...0)) { Task {} }
    }
    let followed = ["cancelled", "removed", "displaced"].map { store.events(of: $0, from: 0) }
    _ = store.cancel("cancelled")
    _ = store.remove("removed")
    // Events count, so that they displace the oldest: those of one response cannot fill the memory.
    store.start(entry("begun"), as: "long", events: []) { Task {} }
    for _ in 0..<300 { store.append(frames(0...0), to: "long", isLast: false) }
    #expect(store["long", nil] == nil && store["displaced", nil] == nil)
    for events in followed { #expect(try await numbers(events) == [0]) }
  }
}
